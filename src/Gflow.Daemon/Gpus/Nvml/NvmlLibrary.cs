using System.Runtime.InteropServices;
using System.Text;

namespace Gflow.Daemon.Gpus.Nvml;

/// <summary>
/// NVIDIA's management library, as the driver installs it. Every call may block for as long as the driver does, so that only a process
/// of its own may make them. Meanings, numbers and layouts are those of NVIDIA's "NVML API Reference Guide" and nvml.h.
/// </summary>
internal sealed unsafe class NvmlLibrary
{
    public const string FileName = "libnvidia-ml.so.1";

    private const int Success = 0;
    private const int NotSupported = 3;
    private const int NoPermission = 4;
    private const int InsufficientSize = 7;
    private const int FunctionNotFound = 13;
    private const int VersionMismatch = 25;

    private const int TextBytes = 96;
    private const uint TemperatureOfGpu = 0;
    private const int UncorrectedErrors = 1;
    private const int AggregateErrors = 1;
    private const int MigEnabled = 1;
    private const uint MemoryVersion2 = (2u << 24) | 40;

    private readonly delegate* unmanaged<int> _init;
    private readonly delegate* unmanaged<int> _shutdown;
    private readonly delegate* unmanaged<int, byte*> _errorText;
    private readonly delegate* unmanaged<byte*, uint, int> _driverVersion;
    private readonly delegate* unmanaged<uint*, int> _count;
    private readonly delegate* unmanaged<uint, nint*, int> _handle;
    private readonly delegate* unmanaged<nint, byte*, uint, int> _uuid;
    private readonly delegate* unmanaged<nint, byte*, uint, int> _name;
    private readonly delegate* unmanaged<nint, PciInfo*, int> _pci;
    private readonly delegate* unmanaged<nint, Memory2*, int> _memory2;
    private readonly delegate* unmanaged<nint, Memory1*, int> _memory1;
    private readonly delegate* unmanaged<nint, Utilization*, int> _utilization;
    private readonly delegate* unmanaged<nint, uint, uint*, int> _temperature;
    private readonly delegate* unmanaged<nint, uint*, int> _power;
    private readonly delegate* unmanaged<nint, int, int, ulong*, int> _eccErrors;
    private readonly delegate* unmanaged<nint, uint*, uint*, int> _migMode;
    private readonly (string Name, nint Address)[] _processes;

    private NvmlLibrary(nint library)
    {
        _init = (delegate* unmanaged<int>)Needed(library, "nvmlInit_v2", "nvmlInit");
        _shutdown = (delegate* unmanaged<int>)Needed(library, "nvmlShutdown");
        _errorText = (delegate* unmanaged<int, byte*>)Found(library, "nvmlErrorString");
        _driverVersion = (delegate* unmanaged<byte*, uint, int>)Found(library, "nvmlSystemGetDriverVersion");
        _count = (delegate* unmanaged<uint*, int>)Needed(library, "nvmlDeviceGetCount_v2", "nvmlDeviceGetCount");
        _handle = (delegate* unmanaged<uint, nint*, int>)Needed(library, "nvmlDeviceGetHandleByIndex_v2", "nvmlDeviceGetHandleByIndex");
        _uuid = (delegate* unmanaged<nint, byte*, uint, int>)Needed(library, "nvmlDeviceGetUUID");
        _name = (delegate* unmanaged<nint, byte*, uint, int>)Needed(library, "nvmlDeviceGetName");
        _pci = (delegate* unmanaged<nint, PciInfo*, int>)Needed(library, "nvmlDeviceGetPciInfo_v3", "nvmlDeviceGetPciInfo_v2", "nvmlDeviceGetPciInfo");
        _memory2 = (delegate* unmanaged<nint, Memory2*, int>)Found(library, "nvmlDeviceGetMemoryInfo_v2");
        _memory1 = (delegate* unmanaged<nint, Memory1*, int>)Needed(library, "nvmlDeviceGetMemoryInfo");
        _utilization = (delegate* unmanaged<nint, Utilization*, int>)Found(library, "nvmlDeviceGetUtilizationRates");
        _temperature = (delegate* unmanaged<nint, uint, uint*, int>)Found(library, "nvmlDeviceGetTemperature");
        _power = (delegate* unmanaged<nint, uint*, int>)Found(library, "nvmlDeviceGetPowerUsage");
        _eccErrors = (delegate* unmanaged<nint, int, int, ulong*, int>)Found(library, "nvmlDeviceGetTotalEccErrors");
        _migMode = (delegate* unmanaged<nint, uint*, uint*, int>)Found(library, "nvmlDeviceGetMigMode");
        string[] processes = ["nvmlDeviceGetComputeRunningProcesses_v3", "nvmlDeviceGetComputeRunningProcesses_v2", "nvmlDeviceGetComputeRunningProcesses"];
        _processes = [.. processes.Select(name => (name, Found(library, name))).Where(entry => entry.Item2 != 0)];
    }

    /// <summary>Loads it, as the dynamic linker finds it.</summary>
    /// <exception cref="NvmlException">There is none, or it is not what it should be.</exception>
    public static NvmlLibrary Load()
    {
        nint library;
        try
        {
            library = NativeLibrary.Load(FileName);
        }
        catch (DllNotFoundException)
        {
            throw new NvmlException(NvmlException.NoLibrary, $"{FileName} was not found: no NVIDIA driver is installed, or the linker does not know where");
        }
        catch (Exception error) when (error is BadImageFormatException or EntryPointNotFoundException)
        {
            throw new NvmlException(NvmlException.NoLibrary, $"{FileName} cannot be loaded: {error.Message}");
        }

        return new NvmlLibrary(library);
    }

    public void Init() => Check(_init(), "nvmlInit");

    public void Shutdown() => _ = _shutdown();

    /// <summary>How many cards there are, those that cannot be used among them.</summary>
    public uint Count()
    {
        uint count;
        Check(_count(&count), "nvmlDeviceGetCount");
        return count;
    }

    /// <summary>Name and version of the driver; null when it does not say.</summary>
    public string? Driver()
    {
        var text = stackalloc byte[TextBytes];
        return _driverVersion != null && _driverVersion(text, TextBytes) == Success ? $"NVIDIA {Text(text)}" : null;
    }

    /// <summary>Everything about one card.</summary>
    /// <param name="index">In the order of the library, which means nothing.</param>
    /// <param name="known">Is given the card's identity as soon as it is known.</param>
    /// <exception cref="NvmlException">It does not answer as it should.</exception>
    public ProbedCard Read(uint index, Action<string> known)
    {
        nint device;
        Check(_handle(index, &device), "nvmlDeviceGetHandleByIndex");
        var text = stackalloc byte[TextBytes];
        Check(_uuid(device, text, TextBytes), "nvmlDeviceGetUUID");
        var uuid = Text(text);
        known(uuid);
        Check(_name(device, text, TextBytes), "nvmlDeviceGetName");
        var name = Text(text);
        PciInfo pci;
        Check(_pci(device, &pci), "nvmlDeviceGetPciInfo");
        var (total, used) = Memory(device);
        uint number;
        Utilization load;
        ulong errors;
        uint current = 0, pending;
        var processes = Processes(device, out var by);
        return new ProbedCard
        {
            Uuid = uuid,
            Name = name,
            BusId = $"{pci.Domain:X8}:{pci.Bus:X2}:{pci.Device:X2}.0",
            MemoryTotalMb = total,
            MemoryUsedMb = used,
            Utilization = _utilization != null && Has(_utilization(device, &load), "nvmlDeviceGetUtilizationRates") ? (int)load.Gpu : null,
            TemperatureC = _temperature != null && Has(_temperature(device, TemperatureOfGpu, &number), "nvmlDeviceGetTemperature") ? (int)number : null,
            PowerW = _power != null && Has(_power(device, &number), "nvmlDeviceGetPowerUsage") ? number / 1000.0 : null,
            EccErrors = _eccErrors != null && Has(_eccErrors(device, UncorrectedErrors, AggregateErrors, &errors), "nvmlDeviceGetTotalEccErrors") ? (long)Math.Min(errors, long.MaxValue) : null,
            IsMig = _migMode != null && Has(_migMode(device, &current, &pending), "nvmlDeviceGetMigMode") && current == MigEnabled,
            Processes = processes,
            ProcessesBy = by,
        };
    }

    private static nint Found(nint library, string name) => NativeLibrary.TryGetExport(library, name, out var address) ? address : 0;

    private static nint Needed(nint library, params ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (Found(library, name) is not 0 and var address)
            {
                return address;
            }
        }

        throw new NvmlException(NvmlException.NoLibrary, $"{FileName} lacks {names[^1]}");
    }

    private static string Text(byte* text) => Encoding.UTF8.GetString(MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text));

    /// <summary>All memory, and what of it is in use without the driver's own where the driver tells them apart; in MiB.</summary>
    private (long Total, long Used) Memory(nint device)
    {
        var second = new Memory2 { Version = MemoryVersion2 };
        if (_memory2 != null && _memory2(device, &second) == Success)
        {
            return ((long)(second.Total >> 20), (long)(second.Used >> 20));
        }

        Memory1 first;
        Check(_memory1(device, &first), "nvmlDeviceGetMemoryInfo");
        return ((long)(first.Total >> 20), (long)(first.Used >> 20));
    }

    /// <returns>Null where the driver cannot tell.</returns>
    private List<ProbedProcess>? Processes(nint device, out string? by)
    {
        foreach (var (name, address) in _processes)
        {
            var code = Query((delegate* unmanaged<nint, uint*, byte*, int>)address, device, out var found);
            if (code is FunctionNotFound or VersionMismatch)
            {
                continue;
            }

            by = name;
            return Has(code, name) ? found : null;
        }

        by = null;
        return null;
    }

    private static int Query(delegate* unmanaged<nint, uint*, byte*, int> query, nint device, out List<ProbedProcess> found)
    {
        found = [];
        for (uint room = 64; ; room *= 2)
        {
            var records = new byte[room * ProcessRecord.Largest];
            Array.Fill(records, ProcessRecord.Untouched);
            var count = room;
            int code;
            fixed (byte* first = records)
            {
                code = query(device, &count, first);
            }

            if (code == InsufficientSize && room < 65_536)
            {
                continue;
            }

            if (code == Success)
            {
                found = ProcessRecord.Read(records, (int)Math.Min(count, room));
            }

            return code;
        }
    }

    /// <summary>Whether a value is there. What a card cannot tell is no fault of it.</summary>
    private bool Has(int code, string call)
    {
        if (code is not (NotSupported or NoPermission or FunctionNotFound))
        {
            Check(code, call);
        }

        return code == Success;
    }

    private void Check(int code, string call)
    {
        if (code != Success)
        {
            var words = _errorText != null && _errorText(code) is var text && text != null ? Text(text) : $"error {code}";
            throw new NvmlException(NvmlException.Word(code), $"{call}: {words}");
        }
    }

    [StructLayout(LayoutKind.Explicit, Size = 128)]
    private struct PciInfo
    {
        [FieldOffset(16)] public uint Domain;
        [FieldOffset(20)] public uint Bus;
        [FieldOffset(24)] public uint Device;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Memory1
    {
        public ulong Total, Free, Used;
    }

    [StructLayout(LayoutKind.Explicit, Size = 40)]
    private struct Memory2
    {
        [FieldOffset(0)] public uint Version;
        [FieldOffset(8)] public ulong Total;
        [FieldOffset(16)] public ulong Reserved;
        [FieldOffset(24)] public ulong Free;
        [FieldOffset(32)] public ulong Used;
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Utilization
    {
        public uint Gpu, Memory;
    }
}
