using System.Runtime.InteropServices;
using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>What to start. The pointers lead into the request's frame, or whatever memory the caller keeps meanwhile.</summary>
internal unsafe ref struct SpawnRequest
{
    internal byte* Program, Directory, LogPath;

    /// <summary>With <see cref="StartFlags.Original"/>: where the script was submitted from, its copy, and where one may lie beside the original.</summary>
    internal byte* Original, Copy, Beside;

    /// <summary>argv from [1] on; <see cref="ArgumentCount"/> of them. Likewise the environment.</summary>
    internal byte** Arguments, Environment;
    internal int ArgumentCount, EnvironmentCount;
    internal StartFlags Flags;
    internal uint Uid, Umask;
    internal SoftLimits Limits;
    internal long LogLimit;

    // The first arguments, as a copy has them instead of the original, and the variable that only a copy needs; empty for none.
    private byte** _copyHead, _besideHead;
    private int _headCount, _copyHeadCount, _besideHeadCount;
    private byte* _copyVariable;

    /// <summary>Reads the fields from the uid on. <see cref="Free"/> what it returns, whether it is well formed or not.</summary>
    internal static SpawnRequest Read(ref FieldReader reader)
    {
        var request = new SpawnRequest { Uid = reader.U32(), Flags = (StartFlags)reader.U8(), LogLimit = reader.I64(), Umask = reader.U32() };
        for (var count = reader.Count(); count > 0; count--)
        {
            if (!request.Limits.Add(reader.U8(), reader.I64()))
            {
                reader.Refuse();
            }
        }

        request.Program = reader.Text();
        request.Directory = reader.Text();
        request.LogPath = reader.Text();
        request.Arguments = ReadTexts(ref reader, out request.ArgumentCount);
        request.Environment = ReadTexts(ref reader, out request.EnvironmentCount);
        if (request.Flags.HasFlag(StartFlags.Original))
        {
            request.Original = reader.Text();
            request.Copy = reader.Text();
            request.Beside = reader.Text();
            request._headCount = (int)Math.Min(reader.U32(), (uint)request.ArgumentCount);
            request._copyHead = ReadTexts(ref reader, out request._copyHeadCount);
            request._besideHead = ReadTexts(ref reader, out request._besideHeadCount);
            request._copyVariable = reader.Text();
        }

        return request;
    }

    internal readonly void Free()
    {
        NativeMemory.Free(Arguments);
        NativeMemory.Free(Environment);
        NativeMemory.Free(_copyHead);
        NativeMemory.Free(_besideHead);
    }

    /// <summary>Runs a copy, with the variable by which it finds what lies beside the original.</summary>
    /// <param name="beside">Whether the one beside the original.</param>
    internal void UseCopy(bool beside)
    {
        var head = beside ? _besideHead : _copyHead;
        var count = beside ? _besideHeadCount : _copyHeadCount;
        var rest = new ReadOnlySpan<nint>(Arguments + _headCount, ArgumentCount - _headCount);
        var arguments = (byte**)NativeMemory.Alloc((nuint)(count + rest.Length), (nuint)sizeof(byte*));
        new ReadOnlySpan<nint>(head, count).CopyTo(new Span<nint>(arguments, count));
        rest.CopyTo(new Span<nint>(arguments + count, rest.Length));
        NativeMemory.Free(Arguments);
        Arguments = arguments;
        ArgumentCount = count + rest.Length;
        SetVariable();
    }

    private void SetVariable()
    {
        var name = FrameText.NameOf(_copyVariable);
        if (name.IsEmpty)
        {
            return;
        }

        var variables = (byte**)NativeMemory.Alloc((nuint)EnvironmentCount + 2, (nuint)sizeof(byte*));
        var count = 0;
        for (var i = 0; i < EnvironmentCount; i++)
        {
            if (!FrameText.NameOf(Environment[i]).SequenceEqual(name))
            {
                variables[count++] = Environment[i];
            }
        }

        variables[count++] = _copyVariable;
        variables[count] = null;
        NativeMemory.Free(Environment);
        Environment = variables;
        EnvironmentCount = count;
    }

    /// <summary>A list of texts as the kernel wants it, ended by null.</summary>
    private static byte** ReadTexts(ref FieldReader reader, out int count)
    {
        count = reader.Count();
        var texts = (byte**)NativeMemory.Alloc((nuint)count + 1, (nuint)sizeof(byte*));
        for (var i = 0; i < count; i++)
        {
            texts[i] = reader.Text();
        }

        texts[count] = null;
        return texts;
    }
}

/// <summary>Makes the main process of a job, and explains why it could not.</summary>
internal static unsafe class Spawner
{
    private const string DefaultPath = "/usr/local/bin:/usr/bin:/bin";

    /// <summary>
    /// Opens the log, 0600 if it has to be made: never through a link in its last part, and only a regular file.
    /// </summary>
    /// <returns>A descriptor, or -1 with a reason.</returns>
    internal static int OpenLog(byte* path, bool append, out string reason)
    {
        // O_NONBLOCK only for the opening: somebody may have put a pipe there, which nobody reads.
        var fd = Native.open(path, Native.O_WRONLY | Native.O_CREAT | Native.O_APPEND | Native.O_NONBLOCK | Native.O_CLOEXEC | Native.O_NOFOLLOW, 0x180);
        if (fd < 0)
        {
            reason = $"the log {Texts.Of(path)} cannot be opened: {(Native.Errno == Native.ELOOP ? "it is a symbolic link" : Native.ErrorText(Native.Errno))}";
            return -1;
        }

        if (!Native.TryStatus(fd, out var status) || (status.Mode & Native.S_IFMT) != Native.S_IFREG || (!append && Native.ftruncate(fd, 0) != 0))
        {
            reason = $"the log {Texts.Of(path)} is not a regular file";
            _ = Native.close(fd);
            return -1;
        }

        _ = Native.fcntl(fd, Native.F_SETFL, Native.O_APPEND);
        reason = "";
        return fd;
    }

    /// <summary>
    /// Starts the process in a session of its own, with default signal handling, stdin from /dev/null, stdout and stderr
    /// into the log, and no other descriptor.
    /// </summary>
    /// <returns>Its pid, or 0 with a reason.</returns>
    internal static int Spawn(in SpawnRequest request, int logFd, out string reason)
    {
        var program = FindProgram(request, out reason);
        if (program == 0)
        {
            return 0;
        }

        var actions = stackalloc byte[80];
        var arguments = Arguments(request);
        Stub.InitOutput(actions, logFd);
        _ = UserCalls.posix_spawn_file_actions_addchdir_np(actions, request.Directory);
        int pid;
        var error = SpawnWithOwnSettings(&pid, (byte*)program, actions, arguments, request);
        _ = Native.posix_spawn_file_actions_destroy(actions);
        NativeMemory.Free(arguments);
        reason = error == 0 ? "" : Explain(error, Texts.Of(request.Directory), Texts.Of((byte*)program));
        Marshal.FreeCoTaskMem(program);
        return error == 0 ? pid : 0;
    }

    /// <summary>The program's name and its arguments as the kernel wants them. To be freed.</summary>
    internal static byte** Arguments(in SpawnRequest request)
    {
        var arguments = (byte**)NativeMemory.Alloc((nuint)request.ArgumentCount + 2, (nuint)sizeof(byte*));
        arguments[0] = request.Program;
        new ReadOnlySpan<nint>(request.Arguments, request.ArgumentCount).CopyTo(new Span<nint>(arguments + 1, request.ArgumentCount));
        arguments[request.ArgumentCount + 1] = null;
        return arguments;
    }

    /// <summary>The path of the program. To be freed; 0, with a reason, when it is nowhere.</summary>
    internal static nint FindProgram(in SpawnRequest request, out string reason)
    {
        reason = "";
        if (FrameText.Contains(request.Program, (byte)'/'))
        {
            return Marshal.StringToCoTaskMemUTF8(Texts.Of(request.Program));
        }

        var found = FindInPath(request);
        reason = found == 0 ? $"the program {Texts.Of(request.Program)} was not found in the job's PATH" : "";
        return found;
    }

    private static int SpawnWithOwnSettings(int* pid, byte* program, byte* actions, byte** arguments, in SpawnRequest request)
    {
        var attributes = stackalloc byte[336];
        Stub.InitAttributes(attributes, blocked: 0);

        // Inherited by the new process, and this one has no use of them in between.
        Native.Limit own;
        _ = Native.getrlimit(Native.RLIMIT_NOFILE, &own);
        var wanted = request.Limits.For(Native.RLIMIT_NOFILE);
        _ = Native.setrlimit(Native.RLIMIT_NOFILE, &wanted);
        var umask = Native.umask(request.Umask);
        var error = Native.posix_spawn(pid, program, actions, attributes, arguments, request.Environment);
        _ = Native.umask(umask);
        _ = Native.setrlimit(Native.RLIMIT_NOFILE, &own);
        return error;
    }

    /// <summary>A bare name is sought in the job's own PATH, not in the launcher's. To be freed; 0 when it is nowhere.</summary>
    private static nint FindInPath(in SpawnRequest request)
    {
        var path = DefaultPath;
        for (var i = 0; i < request.EnvironmentCount; i++)
        {
            if (MemoryMarshal.CreateReadOnlySpanFromNullTerminated(request.Environment[i]).StartsWith("PATH="u8))
            {
                path = Texts.Of(request.Environment[i] + 5);
                break;
            }
        }

        var (name, directory) = (Texts.Of(request.Program), Texts.Of(request.Directory));
        foreach (var part in name.Length == 0 ? [] : path.Split(':'))
        {
            var candidate = $"{Under(directory, part)}/{name}";
            if (Native.TryStatus(candidate, out var status) && (status.Mode & Native.S_IFMT) == Native.S_IFREG && Native.access(candidate, Native.X_OK) == 0)
            {
                return Marshal.StringToCoTaskMemUTF8(candidate);
            }
        }

        return 0;
    }

    /// <summary>The kernel says only one number for several things that may be missing; look which it was.</summary>
    internal static string Explain(int error, string directory, string program)
    {
        if (!Native.TryStatus(directory, out var status))
        {
            return Native.Errno == Native.EACCES ? $"permission denied: {directory}" : $"the working directory {directory} does not exist";
        }

        if ((status.Mode & Native.S_IFMT) != Native.S_IFDIR)
        {
            return $"the working directory {directory} is not a directory";
        }

        if (Native.access(directory, Native.X_OK) != 0)
        {
            return $"permission denied: {directory}";
        }

        return error switch
        {
            Native.E2BIG => "the arguments and the environment are larger than the system accepts",
            Native.EAGAIN => "the system's limit on the number of processes is reached",
            Native.ENOMEM => "the machine has not enough memory to start a process",
            _ => ExplainProgram(error, program, Under(directory, program)),
        };
    }

    private static string ExplainProgram(int error, string program, string path)
    {
        if (!Native.TryStatus(path, out var status))
        {
            return Native.Errno == Native.EACCES ? $"permission denied: {program}" : $"the program {program} does not exist";
        }

        if ((status.Mode & Native.S_IFMT) == Native.S_IFDIR)
        {
            return $"{program} is a directory, not a program";
        }

        if (Native.access(path, Native.X_OK) != 0)
        {
            return $"permission denied: {program} may not be executed";
        }

        Span<byte> head = stackalloc byte[256];
        var length = Native.ReadFile(path, head);
        var script = length > 2 && head[0] == '#' && head[1] == '!';
        if (script && (error == Native.ENOENT || error == Native.EACCES || error == Native.ENOTDIR))
        {
            var line = System.Text.Encoding.UTF8.GetString(head[2..length]).Split('\n')[0].Trim(' ', '\t');
            var interpreter = line.Split(' ', '\t')[0];
            // A script written on Windows: the carriage return is part of the name, and invisible.
            var shown = interpreter.Replace("\r", "\\r", StringComparison.Ordinal);
            return error == Native.EACCES ? $"permission denied: {shown}, the interpreter named by {program}" : $"the interpreter {shown} named by {program} does not exist";
        }

        return error switch
        {
            Native.ENOEXEC => $"{program} is neither a program for this machine nor a script with a #! line",
            Native.ENOENT => $"the program loader that {program} needs does not exist",
            Native.EACCES => $"permission denied: {program}",
            _ => $"{program} cannot be started: {Native.ErrorText(error)}",
        };
    }

    private static string Under(string directory, string path) =>
        path.StartsWith('/') ? path : path.Length == 0 ? directory : $"{directory}/{path}";
}
