using System.Runtime.InteropServices;
using System.Text.Encodings.Web;
using System.Text.Json;
using Gflow.Client.CommandLine;
using Gflow.Client.Platform;
using Gflow.Daemon.Gpus.Nvml;
using Gflow.Daemon.Platform;
using Microsoft.Win32.SafeHandles;

namespace Gflow.Daemon.Lifecycle;

/// <summary>
/// <c>gflowd gpu-probe</c>: what the driver says of the cards. A daemon starts one that goes on (<c>--watch</c>) and reads its lines; a
/// line break on its standard input makes it look at once, and the end of that ends it.
/// </summary>
internal sealed partial class GpuProbeCommand(VerbContext context)
{
    /// <summary>Shows all that can be read, once.</summary>
    public int Once()
    {
        List<ProbedCard> cards = [];
        var probe = new GpuProbe(
            line =>
            {
                if (line.Card is { } card)
                {
                    cards.RemoveAll(known => known.Uuid == card.Uuid);
                    cards.Add(card);
                }
            },
            context.Time);
        var last = probe.Look();
        while (last.Round?.Cards.Any(card => card.State == ProbedState.Pending) == true)
        {
            last = probe.Look();
        }

        var report = new ProbeReport(NvmlLibrary.FileName, last.Round?.Driver, [.. cards.OrderBy(card => card.BusId, StringComparer.Ordinal)], last.Round?.Cards ?? [], last.Trouble);
        var readable = new ProbeJson(new JsonSerializerOptions(ProbeJson.Default.Options) { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping });
        context.Terminal.Out.WriteLine(JsonSerializer.Serialize(report, readable.ProbeReport));
        return last.Trouble is null ? VerbExitCodes.Done : VerbExitCodes.Failed;
    }

    /// <summary>Goes on until its standard input ends, or nobody reads what it says.</summary>
    public int Watch(TimeSpan interval)
    {
        using var output = new DescriptorStream(StandardDescriptors.Output);
        var probe = new GpuProbe(line => Write(output, line), context.Time);
        var input = new Thread(() => Follow(probe)) { IsBackground = true };
        input.Start();
        probe.Watch(interval);
        return VerbExitCodes.Done;
    }

    private static void Write(DescriptorStream output, ProbeLine line)
    {
        try
        {
            output.Write(GpuProbe.Bytes(line));
        }
        catch (IOException)
        {
            Leave(VerbExitCodes.Failed);
        }
    }

    private static void Follow(GpuProbe probe)
    {
        using var input = new FileStream(new SafeFileHandle(0, ownsHandle: false), FileAccess.Read, bufferSize: 0);
        while (input.ReadByte() is >= 0 and var character)
        {
            if (character == '\n')
            {
                probe.LookNow();
            }
        }

        // At once: what the library does at an orderly end may be what does not return.
        Leave(VerbExitCodes.Done);
    }

    [LibraryImport("libc", EntryPoint = "_exit")]
    private static partial void Leave(int code);
}
