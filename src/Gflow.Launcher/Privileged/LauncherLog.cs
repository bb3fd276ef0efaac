using System.Globalization;
using System.Text;

namespace Gflow.Launcher.Privileged;

/// <summary>The launcher's own log, which is its standard error. It is emptied when it has grown past a mebibyte.</summary>
internal static unsafe class LauncherLog
{
    private const long MaxBytes = 1024 * 1024;

    internal static void Write(string line)
    {
        var text = Encoding.UTF8.GetBytes($"{DateTime.UtcNow.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture)} [{Environment.ProcessId}] {line}\n");
        if (Native.TryStatus(2, out var status) && status.Size > MaxBytes)
        {
            _ = Native.ftruncate(2, 0);
        }

        fixed (byte* bytes = text)
        {
            _ = Native.write(2, bytes, text.Length);
        }
    }
}
