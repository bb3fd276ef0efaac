using System.Buffers.Binary;
using System.Text;
using Gflow.Client.Platform;
using Gflow.Core.Jobs;
using Gflow.Core.Text;
using Gflow.Launcher;

namespace Gflow.Daemon.Execution.Local;

/// <summary>What the launcher says, read from its frames.</summary>
internal abstract record LauncherReply
{
    private LauncherReply()
    {
    }

    internal sealed record Welcome(int Pid, string Version) : LauncherReply;

    internal sealed record Refused(RefusalCode Code, string Reason) : LauncherReply;

    internal sealed record Known(ExecutorJob Job) : LauncherReply;

    internal sealed record Ready : LauncherReply;

    /// <summary>The reply to the start numbered <paramref name="Request"/>.</summary>
    internal sealed record Launched(uint Request, LaunchOutcome Outcome) : LauncherReply;

    /// <summary>The reply to any other request; an empty objection means that it was done.</summary>
    internal sealed record Done(uint Request, string Objection) : LauncherReply;

    /// <summary>The reply to the question numbered <paramref name="Request"/>.</summary>
    internal sealed record Owners(uint Request, IReadOnlyList<ProcessOwner> Processes) : LauncherReply;

    internal sealed record Reported(ExecutorReport Report) : LauncherReply;
}

/// <summary>Turns requests into frames and frames into replies.</summary>
internal static class LauncherMessages
{
    internal static byte[] Hello(long epoch) => Begin(RequestKind.Hello).U32(Protocol.Version).I64(epoch).Frame().ToArray();

    /// <summary>Gives a request, of any kind but hello, the number that its reply will repeat.</summary>
    internal static void Number(byte[] frame, uint request) => BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(5), request);

    internal static byte[] Start(LaunchRequest launch)
    {
        var frame = BeginNumbered(RequestKind.Start)
            .U32(launch.JobId)
            .I32(launch.Attempt)
            .U32(launch.Uid)
            .U8((byte)((launch.AppendLog ? StartFlags.AppendLog : StartFlags.None)
                | (launch.HasScript ? StartFlags.Script : StartFlags.None)
                | (launch.Original is null ? StartFlags.None : StartFlags.Original)))
            .I64(launch.LogMaxBytes)
            .I32(launch.Umask)
            .I32(launch.Limits.Count);
        foreach (var (name, value) in launch.Limits)
        {
            frame.U8((byte)ResourceLimits.Numbers[name]).I64(value ?? -1);
        }

        Add(frame, launch.Program, launch.WorkingDirectory, launch.LogPath);
        AddList(frame, launch.Arguments);
        AddList(frame, launch.Environment);
        if (launch.Original is { } original)
        {
            Add(frame, original.Path, original.Copy, original.Beside);
            frame.I32(original.HeadLength);
            AddList(frame, original.CopyHead);
            AddList(frame, original.BesideHead);
            Add(frame, original.CopyVariable ?? "");
        }

        return frame.Frame().ToArray();
    }

    internal static byte[] Signal(uint jobId, int attempt, int signal) =>
        BeginNumbered(RequestKind.Signal).U32(jobId).I32(attempt).I32(signal).Frame().ToArray();

    internal static byte[] Acknowledge(uint jobId, int attempt) =>
        BeginNumbered(RequestKind.Acknowledge).U32(jobId).I32(attempt).Frame().ToArray();

    internal static byte[] Bye() => BeginNumbered(RequestKind.Bye).Frame().ToArray();

    internal static byte[] Whose(IReadOnlyList<int> pids)
    {
        var frame = BeginNumbered(RequestKind.Whose).I32(pids.Count);
        foreach (var pid in pids)
        {
            frame.I64(pid);
        }

        return frame.Frame().ToArray();
    }

    internal static byte[] Upgrade(string program) => BeginNumbered(RequestKind.Upgrade).Text(program).Frame().ToArray();

    /// <summary>Reads one frame, its length left out.</summary>
    /// <exception cref="InvalidDataException">It is not a message of this protocol.</exception>
    internal static LauncherReply Decode(ReadOnlySpan<byte> frame)
    {
        var reader = new FrameReader(frame);
        var kind = (ReplyKind)reader.U8();
        LauncherReply reply = kind switch
        {
            ReplyKind.Welcome => DecodeWelcome(ref reader),
            ReplyKind.Refused => new LauncherReply.Refused((RefusalCode)reader.U8(), reader.Text()),
            ReplyKind.Job => new LauncherReply.Known(new ExecutorJob(reader.U32(), reader.I32(), reader.I32(), reader.Instant(), reader.U8() != 0)),
            ReplyKind.Ready => new LauncherReply.Ready(),
            ReplyKind.Started => new LauncherReply.Launched(reader.U32(), new LaunchOutcome.Started(reader.I32(), reader.Instant())),
            ReplyKind.NotStarted => new LauncherReply.Launched(reader.U32(), new LaunchOutcome.NotStarted(reader.Text())),
            ReplyKind.Done => new LauncherReply.Done(reader.U32(), reader.Text()),
            ReplyKind.Exited => new LauncherReply.Reported(DecodeExited(ref reader)),
            ReplyKind.Gone => new LauncherReply.Reported(new ExecutorReport.Gone(reader.U32(), reader.I32())),
            ReplyKind.Stranger => new LauncherReply.Reported(new ExecutorReport.Stranger(reader.I32(), reader.I64(), reader.Text())),
            ReplyKind.Owners => DecodeOwners(ref reader),
            _ => throw new InvalidDataException($"the launcher sent a message of unknown kind {kind}"),
        };
        reader.ExpectEnd();
        return reply;
    }

    private static LauncherReply.Welcome DecodeWelcome(ref FrameReader reader)
    {
        _ = reader.U32();
        return new LauncherReply.Welcome(reader.I32(), reader.Text());
    }

    private static LauncherReply.Owners DecodeOwners(ref FrameReader reader)
    {
        var (request, count) = (reader.U32(), reader.U32());
        List<ProcessOwner> processes = [];
        for (var i = 0u; i < count; i++)
        {
            var (pid, start, uid, name) = (reader.I32(), reader.I64(), reader.U32(), reader.Text());
            var program = new FileIdentity((ulong)reader.I64(), (ulong)reader.I64());
            var (job, _) = (reader.U32(), reader.I32());
            processes.Add(new ProcessOwner(pid, start, uid, name, program.Inode == 0 ? null : program, job == 0 ? null : job));
        }

        return new LauncherReply.Owners(request, processes);
    }

    private static ExecutorReport.Exited DecodeExited(ref FrameReader reader)
    {
        var (jobId, attempt, flags, value) = (reader.U32(), reader.I32(), (EndFlags)reader.U8(), reader.I32());
        var endedAt = reader.Instant();
        var usage = new ResourceUsage(reader.Span(), reader.Span(), reader.I64());
        return new ExecutorReport.Exited(
            jobId,
            attempt,
            flags.HasFlag(EndFlags.Code) ? value : null,
            flags.HasFlag(EndFlags.Signal) ? value : null,
            endedAt,
            usage,
            reader.I32(),
            flags.HasFlag(EndFlags.Restarted));
    }

    private static FieldWriter Begin(RequestKind kind) => new FieldWriter().Begin((byte)kind);

    private static FieldWriter BeginNumbered(RequestKind kind) => Begin(kind).U32(0);

    private static void Add(FieldWriter frame, params ReadOnlySpan<string> texts)
    {
        foreach (var text in texts)
        {
            frame.Text(ByteText.Bytes(text).AsSpan());
        }
    }

    private static void AddList(FieldWriter frame, IReadOnlyList<string> texts)
    {
        frame.I32(texts.Count);
        foreach (var text in texts)
        {
            Add(frame, text);
        }
    }

    private ref struct FrameReader(ReadOnlySpan<byte> bytes)
    {
        private ReadOnlySpan<byte> _rest = bytes;

        internal byte U8() => Take(1)[0];

        internal uint U32() => BinaryPrimitives.ReadUInt32LittleEndian(Take(4));

        internal int I32() => BinaryPrimitives.ReadInt32LittleEndian(Take(4));

        internal long I64() => BinaryPrimitives.ReadInt64LittleEndian(Take(8));

        internal DateTimeOffset Instant() =>
            DateTimeOffset.FromUnixTimeMilliseconds(Within(DateTimeOffset.MinValue.ToUnixTimeMilliseconds(), DateTimeOffset.MaxValue.ToUnixTimeMilliseconds()));

        internal TimeSpan Span() =>
            TimeSpan.FromMilliseconds(Within(TimeSpan.MinValue.Ticks / TimeSpan.TicksPerMillisecond, TimeSpan.MaxValue.Ticks / TimeSpan.TicksPerMillisecond));

        internal string Text()
        {
            var text = Encoding.UTF8.GetString(Take(U32()));
            _ = U8();
            return text;
        }

        internal readonly void ExpectEnd()
        {
            if (_rest.Length > 0)
            {
                throw new InvalidDataException($"a message of the launcher has {_rest.Length} bytes too many");
            }
        }

        private long Within(long least, long most) => I64() is var number && number >= least && number <= most
            ? number
            : throw new InvalidDataException("a message of the launcher names a time beyond the calendar");

        private ReadOnlySpan<byte> Take(uint count)
        {
            if (count > _rest.Length)
            {
                throw new InvalidDataException("a message of the launcher is cut short");
            }

            var taken = _rest[..(int)count];
            _rest = _rest[(int)count..];
            return taken;
        }
    }
}
