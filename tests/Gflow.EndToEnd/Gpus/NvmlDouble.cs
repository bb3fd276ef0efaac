using System.Diagnostics;
using System.Globalization;
using System.Text;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.Gpus;

/// <summary>A card of the double.</summary>
internal sealed record DoubleCard(string Uuid, string Bus, string Name, long MemoryMb)
{
    public long UsedMb { get; init; } = 4;
}

/// <summary>
/// A machine's cards as a double of NVIDIA's library has them: the published daemon loads it in the real one's place, and a test changes
/// them by writing its script anew.
/// </summary>
internal sealed class NvmlDouble
{
    private readonly string _directory;
    private readonly List<string> _more = [];

    private NvmlDouble(string directory) => _directory = directory;

    /// <summary>In the order in which the library counts them, which is not that of the bus.</summary>
    public List<DoubleCard> Cards { get; } =
    [
        new("GPU-l4", "0000:CA:00.0", "NVIDIA L4", 23_034),
        new("GPU-a100-one", "0000:17:00.0", "NVIDIA A100-SXM4-80GB", 81_559),
        new("GPU-rtx", "0000:B1:00.0", "NVIDIA GeForce RTX 3090", 24_576),
        new("GPU-a100-two", "0000:65:00.0", "NVIDIA A100-SXM4-80GB", 81_559),
    ];

    private string Script => Path.Combine(_directory, "nvml.script");

    /// <summary>Builds it, has a machine's daemons find it, and look at it every second.</summary>
    /// <param name="isOld">Whether it is that of a driver from before the numbered entry points.</param>
    public static NvmlDouble For(Machine machine, bool isOld = false)
    {
        var made = new NvmlDouble(machine.At("nvml"));
        Directory.CreateDirectory(made._directory);
        made.Write();
        string[] words = ["-O1", "-shared", "-fPIC", $"-DSCRIPT=\"{made.Script}\"", .. isOld ? ["-DOLD"] : Array.Empty<string>(), "-o", Path.Combine(made._directory, "libnvidia-ml.so.1"), Path.Combine(Installation.Root(), "tests", "Gflow.EndToEnd", "Gpus", "nvml.c")];
        using var compiler = Process.Start(new ProcessStartInfo("gcc", words) { RedirectStandardError = true })!;
        var said = compiler.StandardError.ReadToEnd();
        compiler.WaitForExit();
        Assert.True(compiler.ExitCode == 0, said);
        machine.Environment["LD_LIBRARY_PATH"] = made._directory;
        machine.Environment["GFLOW_DAEMON__GPU_POLL_INTERVAL_SECS"] = "1";
        return made;
    }

    /// <summary>From now on this is so, too: a line of the script.</summary>
    public void Add(string line)
    {
        _more.Add(line);
        Write();
    }

    /// <summary>From now on it is no longer so.</summary>
    public void Remove(string line)
    {
        Assert.True(_more.Remove(line), line);
        Write();
    }

    /// <summary>Has the cards be as <see cref="Cards"/> says.</summary>
    public void Write()
    {
        var script = new StringBuilder();
        foreach (var card in Cards)
        {
            script.AppendLine(CultureInfo.InvariantCulture, $"card {card.Uuid} {card.Bus} {card.MemoryMb} {card.UsedMb} 600 7 41 62500 3 {card.Name}");
        }

        _more.ForEach(line => script.AppendLine(line));
        Replaced.Write(Script, script.ToString());
    }
}
