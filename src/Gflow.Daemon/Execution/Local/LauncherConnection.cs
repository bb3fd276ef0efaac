using System.Buffers.Binary;
using System.Net.Sockets;
using Gflow.Client.Platform;
using Gflow.Launcher;

namespace Gflow.Daemon.Execution.Local;

/// <summary>One connection to a launcher: whole frames out, whole replies in. One reader, and one writer at a time.</summary>
internal sealed class LauncherConnection : IDisposable
{
    private readonly Socket _socket;
    private byte[] _buffer = new byte[16 * 1024];
    private int _begin;
    private int _end;

    private LauncherConnection(Socket socket) => _socket = socket;

    /// <summary>Connects to the socket at a path of any length; null when nobody listens there.</summary>
    internal static async Task<LauncherConnection?> TryOpenAsync(string path, CancellationToken ct)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            using var reachable = SocketPath.To(path);
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(reachable.Address), ct);
            return new LauncherConnection(socket);
        }
        catch (Exception error) when (error is SocketException or IOException)
        {
            socket.Dispose();
            return null;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    /// <summary>Sends a whole frame. It cannot be cancelled, for half a frame would spoil all that follow.</summary>
    /// <exception cref="SocketException">The connection is broken.</exception>
    internal async Task SendAsync(ReadOnlyMemory<byte> frame)
    {
        while (!frame.IsEmpty)
        {
            frame = frame[await _socket.SendAsync(frame, SocketFlags.None, CancellationToken.None)..];
        }
    }

    /// <summary>Waits for the next reply.</summary>
    /// <exception cref="IOException">The connection has ended, or what comes through it is not the launcher's language.</exception>
    internal async ValueTask<LauncherReply> ReceiveAsync(CancellationToken ct)
    {
        while (true)
        {
            var need = 4;
            if (_end - _begin >= 4)
            {
                var length = BinaryPrimitives.ReadUInt32LittleEndian(_buffer.AsSpan(_begin));
                if (length is 0 or > Protocol.MaxFrameBytes)
                {
                    throw new IOException($"the launcher announced a message of {length} bytes");
                }

                need += (int)length;
                if (_end - _begin >= need)
                {
                    var frame = _buffer.AsSpan(_begin + 4, (int)length);
                    _begin += need;
                    return LauncherMessages.Decode(frame);
                }
            }

            await FillAsync(need, ct);
        }
    }

    public void Dispose() => _socket.Dispose();

    private async ValueTask FillAsync(int need, CancellationToken ct)
    {
        _buffer.AsSpan(_begin, _end - _begin).CopyTo(_buffer);
        (_begin, _end) = (0, _end - _begin);
        if (_buffer.Length < need)
        {
            Array.Resize(ref _buffer, need);
        }

        int got;
        try
        {
            got = await _socket.ReceiveAsync(_buffer.AsMemory(_end), SocketFlags.None, ct);
        }
        catch (SocketException ex)
        {
            throw new IOException("the connection to the launcher broke", ex);
        }

        _end += got > 0 ? got : throw new EndOfStreamException("the launcher closed the connection");
    }
}
