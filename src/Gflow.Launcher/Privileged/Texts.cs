using System.Runtime.InteropServices;

namespace Gflow.Launcher.Privileged;

/// <summary>Texts that end with a NUL.</summary>
internal static unsafe class Texts
{
    internal static string Of(byte* text) => Marshal.PtrToStringUTF8((nint)text) ?? "";

    /// <summary>A list as the kernel wants it, ended by null. To be freed.</summary>
    internal static byte** List(params string[] texts)
    {
        var list = (byte**)NativeMemory.AllocZeroed((nuint)texts.Length + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < texts.Length; i++)
        {
            list[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        }

        return list;
    }

    internal static void Free(byte** texts)
    {
        for (var text = texts; *text != null; text++)
        {
            Marshal.FreeCoTaskMem((nint)(*text));
        }

        NativeMemory.Free(texts);
    }
}
