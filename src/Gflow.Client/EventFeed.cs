using System.Text;
using System.Text.Json;
using Gflow.Core.Contracts;

namespace Gflow.Client;

/// <summary>Something that came over an event stream.</summary>
/// <param name="Frame">The event; null for a sign of life.</param>
public sealed record FeedSign(StreamFrame? Frame);

/// <summary>An open event stream. Dispose it to hang up.</summary>
public sealed class EventFeed(Stream stream) : IDisposable
{
    // A comment, by which a stream in which nothing happens is kept open.
    private const string KeepAlive = ":";

    private readonly StreamReader _reader = new(stream, new UTF8Encoding(false));

    /// <summary>The sequence number of the last event read: where to go on after a break.</summary>
    public long? LastSeen { get; private set; }

    public void Dispose() => _reader.Dispose();

    /// <summary>Waits for the daemon's greeting: everything that happens from then on will be in the stream.</summary>
    /// <returns>False when the stream ended or broke before it.</returns>
    public async Task<bool> ConnectedAsync(CancellationToken cancel = default) =>
        await FrameAsync(cancel).ConfigureAwait(false) is { Type: "connected" };

    /// <summary>The next event.</summary>
    /// <returns>Null when the stream ended or broke.</returns>
    public async Task<StreamFrame?> NextAsync(CancellationToken cancel = default)
    {
        while (await NextSignAsync(cancel).ConfigureAwait(false) is { } sign)
        {
            if (sign.Frame is { } frame)
            {
                return frame;
            }
        }

        return null;
    }

    /// <summary>The next event, or the next sign that the daemon is still there.</summary>
    /// <returns>Null when the stream ended or broke.</returns>
    public async Task<FeedSign?> NextSignAsync(CancellationToken cancel = default)
    {
        while (await FrameAsync(cancel).ConfigureAwait(false) is { } frame)
        {
            if (frame.Type == KeepAlive)
            {
                return new FeedSign(null);
            }

            if (frame.Type != "connected" && Read(frame.Data) is { } read)
            {
                LastSeen = read.Seq;
                return new FeedSign(read.IsEvent ? read : null);
            }
        }

        return null;
    }

    private static StreamFrame? Read(string data)
    {
        try
        {
            return JsonSerializer.Deserialize(data, WireJson.Default.StreamFrame);
        }
        catch (JsonException)
        {
            // Frames of a newer daemon that this client cannot read are not for it.
            return null;
        }
    }

    private async Task<(string Type, string Data)?> FrameAsync(CancellationToken cancel)
    {
        var type = "";
        var data = new StringBuilder();
        try
        {
            while (await _reader.ReadLineAsync(cancel).ConfigureAwait(false) is { } line)
            {
                if (line.StartsWith(KeepAlive, StringComparison.Ordinal) && type.Length == 0 && data.Length == 0)
                {
                    return (KeepAlive, "");
                }

                if (line.Length == 0)
                {
                    if (type.Length > 0 || data.Length > 0)
                    {
                        return (type, data.ToString());
                    }
                }
                else if (Field(line, "event") is { } name)
                {
                    type = name;
                }
                else if (Field(line, "data") is { } text)
                {
                    data.Append(data.Length > 0 ? "\n" : "").Append(text);
                }
            }
        }
        catch (IOException)
        {
            // A daemon that goes away in the middle of a stream is an end of the stream like any other.
        }

        return null;
    }

    private static string? Field(string line, string name) =>
        line.StartsWith(name, StringComparison.Ordinal) && line.Length > name.Length && line[name.Length] == ':'
            ? line[(name.Length + 1)..].TrimStart(' ')
            : null;
}
