using System.Security.Cryptography;
using System.Text;

namespace Gflow.EndToEnd.Guides;

/// <summary>Messages to one receiver, signed as the daemon signs, or nearly so.</summary>
internal sealed class SignedPost(int port) : IDisposable
{
    public const string Secret = "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD", Foreign = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

    private readonly HttpClient _http = new();

    /// <param name="age">Of the signature, in seconds; negative for one that is yet to be made.</param>
    /// <param name="sent">What is sent in the place of the body that was signed.</param>
    public async Task<HttpResponseMessage> SendAsync(string id, string body, string secret = Secret, int age = 0, string? sent = null)
    {
        var stamp = TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - age;
        var mac = HMACSHA256.HashData(Convert.FromBase64String(secret["whsec_".Length..]), Encoding.UTF8.GetBytes($"{id}.{stamp}.{body}"));
        using var request = new HttpRequestMessage(HttpMethod.Post, $"http://127.0.0.1:{port}/gflow") { Content = new StringContent(sent ?? body) };
        request.Headers.Add("webhook-id", id);
        request.Headers.Add("webhook-timestamp", $"{stamp}");
        request.Headers.TryAddWithoutValidation("webhook-signature", $"v1,AAAA v1,{Convert.ToBase64String(mac)}");
        return await _http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public void Dispose() => _http.Dispose();
}
