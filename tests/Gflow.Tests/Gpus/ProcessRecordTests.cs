using System.Buffers.Binary;
using Gflow.Daemon.Gpus.Nvml;

namespace Gflow.Tests.Gpus;

public sealed class ProcessRecordTests
{
    [Theory]
    [InlineData(16)]
    [InlineData(24)]
    [InlineData(32)]
    public void Records_of_every_size_are_read(int size)
    {
        for (var count = 0; count <= 5; count++)
        {
            var bytes = new byte[count * ProcessRecord.Largest];
            Array.Fill(bytes, ProcessRecord.Untouched);
            for (var i = 0; i < count; i++)
            {
                var record = bytes.AsSpan(i * size, size);
                record.Clear();
                BinaryPrimitives.WriteInt32LittleEndian(record, 4400 + i);
                BinaryPrimitives.WriteUInt64LittleEndian(record[8..], i == 1 ? ulong.MaxValue : (ulong)i << 30);
            }

            Assert.Equal(Enumerable.Range(0, count).Select(i => new ProbedProcess(4400 + i, i == 1 ? null : i * 1024L)), ProcessRecord.Read(bytes, count));
        }
    }
}
