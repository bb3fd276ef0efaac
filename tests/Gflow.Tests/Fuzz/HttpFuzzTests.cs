using Gflow.Tests.TestKit;

namespace Gflow.Tests.Fuzz;

public sealed class HttpFuzzTests
{
    public static TheoryData<string> Names => [.. HttpTargets.Names];

    [Theory]
    [MemberData(nameof(Names))]
    public async Task No_request_is_the_daemons_fault_and_it_goes_on(string target)
    {
        await using var daemon = await TestDaemon.StartAsync();
        await daemon.SubmitAsync("\"gpus\":2");
        var waiting = await daemon.SubmitAsync("\"gpus\":2");
        Assert.Equal(200, (await daemon.PostAsync($"/jobs/{waiting}/hold")).Status);
        await FuzzRun.OfAsync(new HttpTargets(daemon.Host.Socket, waiting).Of(target));
        Assert.Equal(200, (await daemon.GetAsync("/health")).Status);
        await daemon.SubmitAsync();
        Assert.Equal(200, (await daemon.GetAsync("/jobs")).Status);
    }
}
