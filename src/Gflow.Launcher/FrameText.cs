using System.Runtime.InteropServices;

namespace Gflow.Launcher;

/// <summary>Texts of a frame, where they lie; each ends with a NUL.</summary>
internal static unsafe class FrameText
{
    /// <summary>The bytes, with the NUL.</summary>
    internal static byte[] BytesOf(byte* text) => new ReadOnlySpan<byte>(text, MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text).Length + 1).ToArray();

    /// <summary>What is before the first equals sign of a variable; empty where there is none.</summary>
    internal static ReadOnlySpan<byte> NameOf(byte* variable)
    {
        var text = MemoryMarshal.CreateReadOnlySpanFromNullTerminated(variable);
        return text[..Math.Max(text.IndexOf((byte)'='), 0)];
    }

    internal static bool Contains(byte* text, byte sought) =>
        MemoryMarshal.CreateReadOnlySpanFromNullTerminated(text).Contains(sought);
}
