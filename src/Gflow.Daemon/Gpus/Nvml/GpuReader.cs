using System.ComponentModel;
using System.Diagnostics;
using System.Text.Json;

namespace Gflow.Daemon.Gpus.Nvml;

/// <summary>
/// A process of its own that asks the driver (<c>gflowd gpu-probe --watch</c>), since a driver that is in trouble may never return.
/// Nobody waits for it: one that says nothing is left behind.
/// </summary>
internal sealed class GpuReader : IDisposable
{
    private static readonly string[] PassedOn = ["PATH", "HOME", "LANG", "LD_LIBRARY_PATH"];

    private readonly Process _process;

    private GpuReader(Process process) => _process = process;

    /// <summary>Whether even its remains are gone.</summary>
    public bool HasEnded => _process.HasExited;

    public int Pid => _process.Id;

    /// <exception cref="Win32Exception">It cannot be started.</exception>
    public static GpuReader Start(TimeSpan interval)
    {
        // Run within another program, by tests, this process is not gflowd; that lies beside it.
        var beside = Path.Combine(AppContext.BaseDirectory, "gflowd");
        var start = new ProcessStartInfo(File.Exists(beside) ? beside : Environment.ProcessPath ?? beside, ["gpu-probe", "--watch", "--interval", $"{interval.TotalSeconds:0}"])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            WorkingDirectory = "/",
        };

        // A job of the same user can read the environment of this process; that of the daemon may hold secrets.
        foreach (var name in start.Environment.Keys.Where(name => !PassedOn.Contains(name) && !name.StartsWith("DOTNET_", StringComparison.Ordinal)).ToList())
        {
            start.Environment.Remove(name);
        }

        var process = Process.Start(start)!;

        // What a library says there is nobody's to read, and a full pipe would stop it.
        process.ErrorDataReceived += static (_, _) => { };
        process.BeginErrorReadLine();
        return new GpuReader(process);
    }

    /// <summary>Waits for the next line.</summary>
    /// <returns>Null when it has ended, or says what is no line.</returns>
    /// <exception cref="TimeoutException">It has said nothing for so long.</exception>
    public async Task<ProbeLine?> ReadAsync(TimeSpan patience, TimeProvider time, CancellationToken ct)
    {
        try
        {
            var text = await _process.StandardOutput.ReadLineAsync(ct).AsTask().WaitAsync(patience, time, ct);
            return text is null ? null : JsonSerializer.Deserialize(text, ProbeJson.Default.ProbeLine);
        }
        catch (Exception error) when (error is IOException or JsonException)
        {
            return null;
        }
    }

    /// <summary>Has it look now.</summary>
    public void LookNow()
    {
        try
        {
            _process.StandardInput.Write('\n');
            _process.StandardInput.Flush();
        }
        catch (Exception error) when (error is IOException or ObjectDisposedException or InvalidOperationException)
        {
            // It is just ending; the next one looks when it begins.
        }
    }

    /// <summary>Ends it, and does not wait for that: the kernel may not be able to, as long as the driver does not return.</summary>
    public void Leave()
    {
        try
        {
            _process.Kill();
        }
        catch (Exception error) when (error is InvalidOperationException or Win32Exception)
        {
            // It has ended by itself.
        }
    }

    public void Dispose() => _process.Dispose();
}
