using System.Globalization;
using Gflow.EndToEnd.TestKit;

namespace Gflow.EndToEnd.History;

/// <summary>The wall clock that a machine's daemon sees, from its next start on; its monotonic one stays as it is. Made by libfaketime.</summary>
internal sealed class FakedClock
{
    private readonly string _file;

    public FakedClock(Machine machine)
    {
        _file = machine.At("clock");
        Set(TimeSpan.Zero);
        machine.Environment["LD_PRELOAD"] = Directory.GetDirectories("/usr/lib").Select(directory => Path.Combine(directory, "faketime", "libfaketimeMT.so.1")).First(File.Exists);
        machine.Environment["FAKETIME_TIMESTAMP_FILE"] = _file;
        machine.Environment["DONT_FAKE_MONOTONIC"] = "1";

        // Seconds for which it is not read again; to read it at every look at the clock would take most of the daemon's time.
        machine.Environment["FAKETIME_CACHE_DURATION"] = "1";

        // What processes of one family would share stays behind when one of them is killed.
        machine.Environment["FAKETIME_DISABLE_SHM"] = "1";
    }

    /// <summary>How far ahead of the real clock it is; less than nothing when it is behind.</summary>
    public TimeSpan Ahead { get; private set; }

    /// <summary>Lets it jump.</summary>
    public void Set(TimeSpan ahead)
    {
        Replaced.Write(_file, string.Create(CultureInfo.InvariantCulture, $"{ahead.TotalSeconds:+0;-0;+0}\n"));
        Ahead = ahead;
    }
}
