using System.Text;
using System.Text.Json.Nodes;
using Gflow.Daemon.Demo;

namespace Gflow.EndToEnd.Guides;

/// <summary>A chat service as its documentation describes it: what it takes, where, and what it says to it.</summary>
/// <param name="Path">Of the address that its users are given; it is a secret.</param>
/// <param name="PostsTo">Where a message goes to.</param>
/// <param name="Text">The field that has the text.</param>
/// <param name="Longest">How many characters the text may have; of ntfy bytes.</param>
/// <param name="Taken">The answer to a good message.</param>
internal sealed record ChatServer(string Path, string PostsTo, string Text, int Longest, ReceiverAnswer Taken)
{
    public const string Token = "tk_AgQdq7mVBoFD37zQVN29RhuMzNIz2";

    public static ChatServer Of(string service) => service switch
    {
        "slack" => new("/services/T0000/B0000/XXXXXXXXXXXX", "/services/T0000/B0000/XXXXXXXXXXXX", "text", 40000, new ReceiverAnswer(200, "ok")),
        "discord" => new("/api/webhooks/22370/3d89bb7572e0fb", "/api/webhooks/22370/3d89bb7572e0fb", "content", 2000, new ReceiverAnswer(204)),
        "mattermost" => new("/hooks/xxx-generatedkey-xxx", "/hooks/xxx-generatedkey-xxx", "text", 16383, new ReceiverAnswer(200, "ok")),
        "ntfy" => new("/lab_jobs", "/", "message", 4096, new ReceiverAnswer(200, """{"id":"sPs71M8A2T","event":"message"}""")),
        _ => throw new ArgumentException($"no service {service}", nameof(service)),
    };

    public ReceiverAnswer Answer(ReceivedRequest request)
    {
        if (request.Method != "POST" || request.Path != PostsTo)
        {
            return new ReceiverAnswer(404, "no_service");
        }

        var message = JsonNode.Parse(request.Body)!.AsObject();
        var text = message[Text]?.GetValue<string>() ?? "";
        var fault = request.Headers["Content-Type"] != "application/json" ? "not announced as JSON"
            : text.Length == 0 ? "no text"
            : (Text == "message" ? Encoding.UTF8.GetByteCount(text) : text.Length) > Longest ? "too long"
            : Text == "content" && message["allowed_mentions"]?["parse"] is not JsonArray { Count: 0 } ? "it may call somebody"
            : Text != "message" ? null
            : message["topic"]?.GetValue<string>() != "lab_jobs" ? "no topic"
            : request.Headers.GetValueOrDefault("Authorization") != $"Bearer {Token}" ? "no login"
            : null;
        return fault is null ? Taken : new ReceiverAnswer(400, fault);
    }

    public string TextOf(ReceivedRequest request) => JsonNode.Parse(request.Body)![Text]!.GetValue<string>();
}
