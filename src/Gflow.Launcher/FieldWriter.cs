using System.Buffers.Binary;
using System.Text;

namespace Gflow.Launcher;

/// <summary>Builds frames, on both sides of the protocol, and records; one instance serves many, one after the other.</summary>
internal sealed class FieldWriter
{
    private byte[] _bytes = new byte[512];
    private int _length;

    /// <summary>What was written since the last <see cref="Clear"/> or <see cref="Begin"/>.</summary>
    internal ReadOnlySpan<byte> Written => _bytes.AsSpan(0, _length);

    internal FieldWriter Clear()
    {
        _length = 0;
        return this;
    }

    /// <summary>Begins a frame; <see cref="Frame"/> ends it.</summary>
    /// <param name="kind">Of the request or the reply.</param>
    internal FieldWriter Begin(byte kind) => Clear().U32(0).U8(kind);

    internal FieldWriter Begin(ReplyKind kind) => Begin((byte)kind);

    /// <summary>The complete frame.</summary>
    internal ReadOnlySpan<byte> Frame()
    {
        BinaryPrimitives.WriteUInt32LittleEndian(_bytes, (uint)_length - 4);
        return Written;
    }

    internal FieldWriter U8(byte value)
    {
        Room(1)[0] = value;
        return this;
    }

    internal FieldWriter U32(uint value)
    {
        BinaryPrimitives.WriteUInt32LittleEndian(Room(4), value);
        return this;
    }

    internal FieldWriter I32(int value) => U32((uint)value);

    internal FieldWriter I64(long value)
    {
        BinaryPrimitives.WriteInt64LittleEndian(Room(8), value);
        return this;
    }

    internal FieldWriter Text(string value)
    {
        var count = Encoding.UTF8.GetByteCount(value);
        U32((uint)count);
        Encoding.UTF8.GetBytes(value, Room(count + 1));
        _bytes[_length - 1] = 0;
        return this;
    }

    /// <param name="value">Without a NUL.</param>
    internal FieldWriter Text(ReadOnlySpan<byte> value)
    {
        U32((uint)value.Length);
        value.CopyTo(Room(value.Length + 1));
        _bytes[_length - 1] = 0;
        return this;
    }

    private Span<byte> Room(int count)
    {
        if (_bytes.Length - _length < count)
        {
            Array.Resize(ref _bytes, Math.Max(_bytes.Length * 2, _length + count));
        }

        _length += count;
        return _bytes.AsSpan(_length - count, count);
    }
}
