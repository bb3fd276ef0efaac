using System.Runtime.InteropServices;

namespace Gflow.Client.CommandLine;

/// <summary>
/// Writes to an open descriptor. The console's own stream would start a thread for signals and prepare the terminal for keys, and a
/// file stream would write at positions of its own, over what other programs write to the same file.
/// </summary>
public sealed partial class DescriptorStream(int descriptor) : WriteOnlyStream
{
    private const int Interrupted = 4;
    private const int WouldBlock = 11;
    private const int BrokenPipe = 32;
    private const short Writable = 4;

    /// <summary>Whether what cannot be written is dropped, as befits the place where failures are told, and a program that goes on without its output.</summary>
    public bool MayBeLost { get; init; }

    /// <summary>Why something was dropped; null while nothing was.</summary>
    public IOException? Loss { get; private set; }

    /// <summary>Whether a failed write means that the reader has had enough, and closed a pipe.</summary>
    public static bool IsReaderGone(IOException error) => error.HResult == BrokenPipe;

    public override void Flush()
    {
    }

    public override Task FlushAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    /// <exception cref="IOException">It cannot be written; the result code is the system's error number.</exception>
    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var written = Write(descriptor, buffer, buffer.Length);
            if (written >= 0)
            {
                buffer = buffer[(int)written..];
                continue;
            }

            switch (Marshal.GetLastPInvokeError())
            {
                case Interrupted:
                    break;
                case WouldBlock:
                    // Somebody who shares the descriptor has made it non-blocking; waiting is still what is wanted.
                    var wanted = new PollDescriptor { Descriptor = descriptor, Events = Writable };
                    _ = Poll(ref wanted, 1, -1);
                    break;
                case var error:
                    var failure = new IOException($"the output cannot be written: {Marshal.GetPInvokeErrorMessage(error)}", error);
                    Loss = MayBeLost ? failure : throw failure;
                    return;
            }
        }
    }

    public override Task WriteAsync(byte[] buffer, int offset, int count, CancellationToken cancellationToken)
    {
        Write(buffer.AsSpan(offset, count));
        return Task.CompletedTask;
    }

    public override ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default)
    {
        Write(buffer.Span);
        return ValueTask.CompletedTask;
    }

    [LibraryImport("libc", EntryPoint = "write", SetLastError = true)]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);

    [LibraryImport("libc", EntryPoint = "poll", SetLastError = true)]
    private static partial int Poll(ref PollDescriptor descriptor, nuint count, int timeout);

    [StructLayout(LayoutKind.Sequential)]
    private struct PollDescriptor
    {
        public int Descriptor;
        public short Events;
        public short Returned;
    }
}
