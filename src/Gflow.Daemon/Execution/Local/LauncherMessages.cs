using System.Buffers;
using System.Buffers.Binary;
using System.Text;
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

    internal sealed record Reported(ExecutorReport Report) : LauncherReply;
}

/// <summary>Turns requests into frames and frames into replies.</summary>
internal static class LauncherMessages
{
    internal static byte[] Hello(long epoch)
    {
        var frame = Begin(RequestKind.Hello);
        frame.U32(Protocol.Version);
        frame.I64(epoch);
        return frame.ToArray();
    }

    /// <summary>Gives a request, of any kind but hello, the number that its reply will repeat.</summary>
    internal static void Number(byte[] frame, uint request) => BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(5), request);

    internal static byte[] Start(LaunchRequest launch)
    {
        var frame = BeginNumbered(RequestKind.Start);
        frame.U32(launch.JobId);
        frame.U32((uint)launch.Attempt);
        frame.U32(launch.Uid);
        frame.U8((byte)((launch.AppendLog ? StartFlags.AppendLog : StartFlags.None)
            | (launch.HasScript ? StartFlags.Script : StartFlags.None)
            | (launch.Original is null ? StartFlags.None : StartFlags.Original)));
        frame.I64(launch.LogMaxBytes);
        frame.U32((uint)launch.Umask);
        frame.U32((uint)launch.Limits.Count);
        foreach (var (name, value) in launch.Limits)
        {
            frame.U8((byte)ResourceLimits.Numbers[name]);
            frame.I64(value ?? -1);
        }

        frame.Text(launch.Program);
        frame.Text(launch.WorkingDirectory);
        frame.Text(launch.LogPath);
        frame.Texts(launch.Arguments);
        frame.Texts(launch.Environment);
        if (launch.Original is { } original)
        {
            frame.Text(original.Path);
            frame.Text(original.Copy);
            frame.Text(original.Beside);
            frame.U32((uint)original.HeadLength);
            frame.Texts(original.CopyHead);
            frame.Texts(original.BesideHead);
            frame.Text(original.CopyVariable ?? "");
        }

        return frame.ToArray();
    }

    internal static byte[] Signal(uint jobId, int attempt, int signal)
    {
        var frame = BeginNumbered(RequestKind.Signal);
        frame.U32(jobId);
        frame.U32((uint)attempt);
        frame.U32((uint)signal);
        return frame.ToArray();
    }

    internal static byte[] Acknowledge(uint jobId, int attempt)
    {
        var frame = BeginNumbered(RequestKind.Acknowledge);
        frame.U32(jobId);
        frame.U32((uint)attempt);
        return frame.ToArray();
    }

    internal static byte[] Bye() => BeginNumbered(RequestKind.Bye).ToArray();

    internal static byte[] Upgrade(string program)
    {
        var frame = BeginNumbered(RequestKind.Upgrade);
        frame.Text(program);
        return frame.ToArray();
    }

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

    private static FrameBuffer Begin(RequestKind kind)
    {
        var frame = new FrameBuffer();
        frame.U8((byte)kind);
        return frame;
    }

    private static FrameBuffer BeginNumbered(RequestKind kind)
    {
        var frame = Begin(kind);
        frame.U32(0);
        return frame;
    }

    private sealed class FrameBuffer
    {
        private readonly ArrayBufferWriter<byte> _bytes = new(256);

        internal FrameBuffer() => U32(0);

        internal void U8(byte value)
        {
            _bytes.GetSpan(1)[0] = value;
            _bytes.Advance(1);
        }

        internal void U32(uint value)
        {
            BinaryPrimitives.WriteUInt32LittleEndian(_bytes.GetSpan(4), value);
            _bytes.Advance(4);
        }

        internal void I64(long value)
        {
            BinaryPrimitives.WriteInt64LittleEndian(_bytes.GetSpan(8), value);
            _bytes.Advance(8);
        }

        internal void Text(string value)
        {
            var bytes = ByteText.Bytes(value);
            U32((uint)bytes.Length);
            _bytes.Write(bytes);
            U8(0);
        }

        internal void Texts(IReadOnlyList<string> values)
        {
            U32((uint)values.Count);
            foreach (var value in values)
            {
                Text(value);
            }
        }

        /// <summary>The frame, its length filled in.</summary>
        internal byte[] ToArray()
        {
            var frame = _bytes.WrittenSpan.ToArray();
            BinaryPrimitives.WriteUInt32LittleEndian(frame, (uint)frame.Length - 4);
            return frame;
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
