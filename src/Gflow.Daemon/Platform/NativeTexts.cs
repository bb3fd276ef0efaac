using System.Runtime.InteropServices;

namespace Gflow.Daemon.Platform;

/// <summary>A list of texts as the kernel wants arguments and environments: pointers, closed by null.</summary>
internal sealed unsafe class NativeTexts : IDisposable
{
    public NativeTexts(IReadOnlyList<string> texts)
    {
        Pointer = (byte**)NativeMemory.AllocZeroed((nuint)texts.Count + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < texts.Count; i++)
        {
            Pointer[i] = (byte*)Marshal.StringToCoTaskMemUTF8(texts[i]);
        }
    }

    public byte** Pointer { get; }

    /// <summary>An environment.</summary>
    public static NativeTexts Of(IReadOnlyDictionary<string, string> variables) => new([.. variables.Select(variable => $"{variable.Key}={variable.Value}")]);

    public void Dispose()
    {
        for (var text = Pointer; *text is not null; text++)
        {
            Marshal.FreeCoTaskMem((nint)(*text));
        }

        NativeMemory.Free(Pointer);
    }
}
