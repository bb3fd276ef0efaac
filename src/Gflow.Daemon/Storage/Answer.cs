using System.Text.Json;
using System.Text.Json.Serialization.Metadata;

namespace Gflow.Daemon.Storage;

/// <summary>An answer of the API as it is sent, byte for byte.</summary>
/// <param name="Status">Of HTTP.</param>
/// <param name="Body">JSON.</param>
/// <param name="Location">Path of what was made; null when nothing was.</param>
internal sealed record Answer(int Status, byte[] Body, string? Location = null)
{
    public static Answer Of<T>(T value, JsonTypeInfo<T> type, int status = StatusCodes.Status200OK, string? location = null) =>
        new(status, JsonSerializer.SerializeToUtf8Bytes(value, type), location);
}
