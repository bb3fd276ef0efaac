using System.Runtime.InteropServices;
using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>
/// What a stub does once it is the submitter: it takes directory, umask and limits in his name, and becomes the job's program. His
/// environment is nobody else's.
/// </summary>
internal static unsafe class StubProgram
{
    /// <summary>What is told before anything else when a copy of the script was laid beside the original.</summary>
    internal const char HasCopyBeside = '+';

    /// <summary>Returns only when the job's program cannot be executed.</summary>
    internal static int Run(string user) => SelfProcess.Print(Stub.TellFd, Stub.Become(user) ?? Execute(), 1);

    /// <summary>Removes a file as its owner: a directory of his may be one that root must not follow, or hang.</summary>
    internal static int Remove(string user) => Stub.Become(user) is null && ReadFrame(out _) is var path && path != null ? UserCalls.unlink(path) : 1;

    private static string Execute()
    {
        var frame = ReadFrame(out var length);
        if (frame == null)
        {
            return "it was started wrongly";
        }

        var reader = new FieldReader(frame, length);
        _ = (reader.U32(), reader.U32(), reader.I32());
        var request = SpawnRequest.Read(ref reader);
        if (!reader.Complete)
        {
            return "its request is not well formed";
        }

        var directory = Texts.Of(request.Directory);
        if (UserCalls.chdir(request.Directory) != 0)
        {
            return Spawner.Explain(Native.Errno, directory, directory);
        }

        var program = Spawner.FindProgram(request, out var reason);
        if (program == 0)
        {
            return reason;
        }

        var hasCopyBeside = request.Flags.HasFlag(StartFlags.Original) && ScriptChoice.Make(ref request);
        if (hasCopyBeside)
        {
            var told = (byte)HasCopyBeside;
            _ = Native.write(Stub.TellFd, &told, 1);
        }

        var arguments = Spawner.Arguments(request);
        var before = stackalloc Native.Limit[SoftLimits.Resources];
        for (var resource = 0; resource < SoftLimits.Resources; resource++)
        {
            _ = Native.getrlimit(resource, before + resource);
        }

        request.Limits.TellLowered(1);
        ResetSignals();
        _ = Native.umask(request.Umask);
        request.Limits.Apply();
        _ = UserCalls.execve((byte*)program, arguments, request.Environment);
        var error = Native.Errno;
        if (hasCopyBeside)
        {
            _ = UserCalls.unlink(request.Beside);
        }

        // To explain takes memory, which the limits may not leave.
        for (var resource = 0; resource < SoftLimits.Resources; resource++)
        {
            _ = Native.setrlimit(resource, before + resource);
        }

        return Spawner.Explain(error, directory, Texts.Of((byte*)program));
    }

    /// <summary>What was handed over, ended by NUL; null when there is nothing.</summary>
    private static byte* ReadFrame(out int length)
    {
        length = 0;
        if (!Native.TryStatus(Stub.FrameFd, out var status))
        {
            return null;
        }

        var frame = (byte*)NativeMemory.AllocZeroed((nuint)status.Size + 1);
        length = (int)UserCalls.pread(Stub.FrameFd, frame, (nint)status.Size, 0);
        return frame;
    }

    /// <summary>The runtime has changed some, and the job is to find all at their defaults.</summary>
    private static void ResetSignals()
    {
        for (var signal = 1; signal <= 64; signal++)
        {
            _ = Native.signal(signal, 0);
        }

        var mask = stackalloc ulong[16];
        new Span<ulong>(mask, 16).Clear();
        _ = Native.pthread_sigmask(Native.SIG_SETMASK, mask, null);
    }
}
