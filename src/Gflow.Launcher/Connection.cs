using System.Runtime.InteropServices;
using Gflow.Launcher.Privileged;

namespace Gflow.Launcher;

/// <summary>One peer on the socket: frames in, frames out, never waiting for it.</summary>
internal sealed unsafe class Connection(int fd) : IDisposable
{
    // A daemon that reads this little is stopped or stuck. All it misses is kept in the records.
    private const int MaxUnsentBytes = 16 * 1024 * 1024;
    private const int SmallBuffer = 16 * 1024;

    // Not managed, so that texts in it can be handed to the kernel where they lie.
    private byte* _input = (byte*)NativeMemory.Alloc(SmallBuffer);
    private int _inputCapacity = SmallBuffer, _inputLength, _inputRead;
    private byte[] _output = [];
    private int _outputLength;

    internal int Fd { get; } = fd;

    /// <summary>Whether it said hello and was welcomed.</summary>
    internal bool IsDaemon { get; set; }

    /// <summary>Set when nothing more is to be read or sent.</summary>
    internal bool IsClosed { get; private set; }

    internal bool HasUnsent => _outputLength > 0;

    /// <summary>Reads what there is. Closes the connection when the peer has.</summary>
    internal void Receive()
    {
        Compact();
        var got = UserCalls.recv(Fd, _input + _inputLength, _inputCapacity - _inputLength, 0);
        if (got > 0)
        {
            _inputLength += (int)got;
        }
        else if (got == 0 || (Native.Errno != Native.EAGAIN && Native.Errno != Native.EINTR))
        {
            IsClosed = true;
        }
    }

    /// <summary>The next complete frame, valid until the next <see cref="Receive"/>.</summary>
    internal bool TryNext(out byte* frame, out int length)
    {
        frame = _input + _inputRead + 4;
        length = 0;
        var have = _inputLength - _inputRead;
        if (IsClosed || have < 4)
        {
            return false;
        }

        var announced = new FieldReader(_input + _inputRead, 4).U32();
        if (announced is 0 or > Protocol.MaxFrameBytes)
        {
            Close($"a frame of {announced} bytes was announced");
            return false;
        }

        length = (int)announced;
        if (have < length + 4)
        {
            return false;
        }

        _inputRead += length + 4;
        return true;
    }

    internal void Send(ReadOnlySpan<byte> frame)
    {
        if (IsClosed)
        {
            return;
        }

        if (_outputLength + frame.Length > MaxUnsentBytes)
        {
            Close("it does not read what it is sent");
            return;
        }

        if (_output.Length < _outputLength + frame.Length)
        {
            Array.Resize(ref _output, Math.Max(_output.Length * 2, _outputLength + frame.Length));
        }

        frame.CopyTo(_output.AsSpan(_outputLength));
        _outputLength += frame.Length;
    }

    /// <summary>Sends as much as the peer takes at once.</summary>
    internal void Flush()
    {
        if (_outputLength == 0 || IsClosed)
        {
            return;
        }

        nint sent;
        fixed (byte* bytes = _output)
        {
            sent = UserCalls.send(Fd, bytes, _outputLength, Native.MSG_NOSIGNAL);
        }

        if (sent < 0)
        {
            IsClosed |= Native.Errno is not (Native.EAGAIN or Native.EINTR);
            return;
        }

        _outputLength -= (int)sent;
        _output.AsSpan((int)sent, _outputLength).CopyTo(_output);
        if (_outputLength == 0 && _output.Length > SmallBuffer)
        {
            _output = [];
        }
    }

    /// <summary>Gives the peer up, sending what can be sent at once.</summary>
    internal void Close(string reason)
    {
        LauncherLog.Write($"connection closed: {reason}");
        Flush();
        IsClosed = true;
    }

    public void Dispose()
    {
        _ = Native.close(Fd);
        NativeMemory.Free(_input);
        _input = null;
    }

    /// <summary>Makes room for the rest of the frame that has begun, and gives the memory of a large one back.</summary>
    private void Compact()
    {
        _inputLength -= _inputRead;
        new ReadOnlySpan<byte>(_input + _inputRead, _inputLength).CopyTo(new Span<byte>(_input, _inputLength));
        _inputRead = 0;
        var need = _inputLength < 4 ? SmallBuffer : (int)Math.Max(SmallBuffer, new FieldReader(_input, 4).U32() + 4);
        if (need > _inputCapacity || (_inputCapacity > SmallBuffer && _inputLength == 0))
        {
            _inputCapacity = need;
            _input = (byte*)NativeMemory.Realloc(_input, (nuint)need);
        }
    }
}

/// <summary>The way to the one daemon that gives orders; what is sent while there is none is dropped, for the records keep it.</summary>
internal sealed class DaemonLink
{
    /// <summary>The daemon's connection, or null.</summary>
    internal Connection? Current { get; set; }

    internal bool IsConnected => Current is { IsClosed: false };

    /// <summary>For building the next frame.</summary>
    internal FieldWriter Writer { get; } = new();

    /// <summary>Sends the frame being built in <paramref name="frame"/>.</summary>
    internal void Send(FieldWriter frame) => Current?.Send(frame.Frame());
}
