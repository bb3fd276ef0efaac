using System.Buffers.Binary;

namespace Gflow.Launcher;

/// <summary>
/// Reads fields, believing nothing: after the first that is not there or not well formed, all others are zero and
/// <see cref="Complete"/> is false.
/// </summary>
internal unsafe ref struct FieldReader(byte* bytes, int length)
{
    private static ReadOnlySpan<byte> NothingText => "\0"u8;

    private int _at;
    private bool _failed;

    /// <summary>Whether every field was there and nothing is left over.</summary>
    internal readonly bool Complete => IsWell && _at == length;

    /// <summary>Whether every field was there.</summary>
    internal readonly bool IsWell => !_failed;

    internal byte U8() => Take(1, out var at) ? bytes[at] : (byte)0;

    internal uint U32() => Take(4, out var at) ? BinaryPrimitives.ReadUInt32LittleEndian(new ReadOnlySpan<byte>(bytes + at, 4)) : 0;

    internal int I32() => (int)U32();

    internal long I64() => Take(8, out var at) ? BinaryPrimitives.ReadInt64LittleEndian(new ReadOnlySpan<byte>(bytes + at, 8)) : 0;

    /// <summary>A text where it lies, ended by NUL; valid as long as the bytes are.</summary>
    internal byte* Text()
    {
        var count = U32();
        if (count < int.MaxValue && Take((int)count + 1, out var at)
            && new ReadOnlySpan<byte>(bytes + at, (int)count + 1).IndexOf((byte)0) == (int)count)
        {
            return bytes + at;
        }

        _failed = true;
        fixed (byte* nothing = NothingText)
        {
            // Literal data lies in the program's image and never moves.
            return nothing;
        }
    }

    /// <summary>A count of texts, of which each needs at least five bytes, so that no count can ask for more memory than the frame has.</summary>
    internal int Count()
    {
        var count = U32();
        if (count > (length - _at) / 5)
        {
            _failed = true;
            return 0;
        }

        return (int)count;
    }

    /// <summary>Takes the whole for malformed: a field has a value that it must not have.</summary>
    internal void Refuse() => _failed = true;

    private bool Take(int count, out int at)
    {
        at = _at;
        if (_failed || count > length - _at)
        {
            _failed = true;
            return false;
        }

        _at += count;
        return true;
    }
}
