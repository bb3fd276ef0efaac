// dotnet run receiver.cs PORT SECRET_FILE: takes gflow's webhooks, each once.
#:sdk Microsoft.NET.Sdk.Web
#:property PublishAot=false
using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Nodes;

const int Tolerance = 300; // seconds between the sender's clock and ours
const int Largest = 1 << 20;
const int Remembered = 10_000;

var key = Convert.FromBase64String(File.ReadAllText(args[1]).Trim().Replace("whsec_", ""));
var (seen, order) = (new HashSet<string>(), new Queue<string>());

var builder = WebApplication.CreateSlimBuilder();
builder.Logging.ClearProviders();
builder.WebHost.UseUrls($"http://127.0.0.1:{args[0]}");
builder.WebHost.ConfigureKestrel(kestrel => kestrel.Limits.MaxRequestBodySize = Largest);
var app = builder.Build();
app.MapPost("/{**path}", async (HttpRequest request) =>
{
    using var body = new MemoryStream();
    await request.Body.CopyToAsync(body);
    if (!Genuine(request.Headers, body.ToArray()))
    {
        return Results.Unauthorized();
    }

    var id = request.Headers["webhook-id"].ToString();
    lock (seen)
    {
        if (seen.Contains(id))
        {
            Console.WriteLine($"repeated {id}");
            return Results.NoContent();
        }

        Console.WriteLine($"taken {JsonNode.Parse(body.ToArray())!["event"]} {id}"); // your work goes here
        seen.Add(id);
        order.Enqueue(id);
        if (order.Count > Remembered)
        {
            seen.Remove(order.Dequeue());
        }
    }

    return Results.NoContent();
});
app.Run();

bool Genuine(IHeaderDictionary headers, byte[] body)
{
    var (id, stamp) = (headers["webhook-id"].ToString(), headers["webhook-timestamp"].ToString());
    if (!long.TryParse(stamp, out var seconds) || Math.Abs((decimal)DateTimeOffset.UtcNow.ToUnixTimeSeconds() - seconds) > Tolerance)
    {
        return false;
    }

    byte[] signed = [.. Encoding.UTF8.GetBytes($"{id}.{stamp}."), .. body];
    var right = Encoding.UTF8.GetBytes($"v1,{Convert.ToBase64String(HMACSHA256.HashData(key, signed))}");
    return headers["webhook-signature"].ToString().Split(' ').Any(one => CryptographicOperations.FixedTimeEquals(right, Encoding.UTF8.GetBytes(one)));
}
