using System.IO.Pipes;
using Gflow.Daemon.Lifecycle;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Lifecycle;

public sealed class BackgroundProcessTests
{
    [Fact]
    public async Task It_holds_nothing_of_ours_and_writes_to_its_log()
    {
        using var home = new TestHome();
        var log = Path.Combine(home.Root, "log");
        await using var inheritable = new AnonymousPipeServerStream(PipeDirection.In, HandleInheritability.Inheritable);
        var ours = File.ResolveLinkTarget($"/proc/self/fd/{inheritable.ClientSafePipeHandle.DangerousGetHandle()}", returnFinalTarget: false)!;

        var process = BackgroundProcess.Start(["/bin/sh", "-c", "pwd; for file in /proc/$$/fd/*; do readlink \"$file\"; done"], home.Environment, log);
        await Until.TrueAsync(() => process.HasEnded);

        var lines = await File.ReadAllLinesAsync(log, TestContext.Current.CancellationToken);
        Assert.Equal(["/", "/dev/null", log, log], lines[..4]);
        Assert.DoesNotContain(ours.Name, lines);
    }
}
