using System.Buffers.Binary;

namespace Gflow.Daemon.Gpus.Nvml;

/// <summary>
/// The records in which the driver lists processes. They have 16, 24 or 32 bytes, and the name of the function does not say which:
/// drivers of the series 535 have returned 32 under a name that had meant 24. What the driver left untouched tells.
/// </summary>
internal static class ProcessRecord
{
    /// <summary>The size of the largest, in bytes.</summary>
    public const int Largest = 32;

    /// <summary>What every byte is to be before the driver is asked.</summary>
    public const byte Untouched = 0xA5;

    private const ulong NotAvailable = ulong.MaxValue;
    private static readonly int[] Sizes = [16, 24, Largest];

    /// <param name="records">As the driver has left them.</param>
    /// <param name="count">How many there are.</param>
    public static List<ProbedProcess> Read(ReadOnlySpan<byte> records, int count)
    {
        var touched = records.LastIndexOfAnyExcept(Untouched) + 1;
        var size = Sizes.First(size => size == Largest || size * count >= touched);
        List<ProbedProcess> found = new(count);
        for (var i = 0; i < count; i++)
        {
            var record = records.Slice(i * size, 16);
            var memory = BinaryPrimitives.ReadUInt64LittleEndian(record[8..]);
            found.Add(new ProbedProcess((int)BinaryPrimitives.ReadUInt32LittleEndian(record), memory == NotAvailable ? null : (long)(memory >> 20)));
        }

        return found;
    }
}
