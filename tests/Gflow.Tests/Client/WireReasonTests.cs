using System.Text.Json;
using Gflow.Core.Contracts;

namespace Gflow.Tests.Client;

/// <summary>Reasons as this version and others write them.</summary>
public sealed class WireReasonTests
{
    [Theory]
    [InlineData("\"WaitingForGpu\"")]
    [InlineData("{\"DependencyFailed\":7}")]
    [InlineData("{\"SystemError\":\"no launcher\"}")]
    [InlineData("\"Unheard\"")]
    [InlineData("{\"Unheard\":1.5e3}")]
    public void A_reason_is_written_as_it_was_read(string json)
    {
        using var written = JsonDocument.Parse(JsonSerializer.Serialize(Read($$"""{"reason":{{json}}}"""), WireJson.Default.JobView));

        Assert.Equal(json, written.RootElement.GetProperty("reason").GetRawText());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("7")]
    [InlineData("[{\"a\":1}]")]
    public void What_is_no_reason_is_passed_over(string json)
    {
        var job = Read($$"""{"reason":{{json}},"attempt":3}""");

        Assert.Null(job.Reason);
        Assert.Equal(3, job.Attempt);
    }

    private static JobView Read(string json) => JsonSerializer.Deserialize(json, WireJson.Default.JobView)!;
}
