using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gflow.Client.Platform;

/// <summary>The kernel's list of TCP sockets (proc_net_tcp): who holds the other end of a connection over loopback, and who listens there.</summary>
public static class SocketTable
{
    private const string Established = "01";
    private const string Listening = "0A";

    private static readonly string[] Files = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Whether the kernel has ever been asked for one socket and known it.</summary>
    private static volatile bool _isAnswered;

    /// <summary>The sockets that a connection to an address of the loopback would reach.</summary>
    /// <returns>The uid and the inode of each; several only where one user shares a port.</returns>
    public static HashSet<(uint Uid, ulong Inode)> ListenersAt(IPEndPoint address)
    {
        HashSet<(uint, ulong)> exact = [], any = [];
        foreach (var file in Files)
        {
            try
            {
                foreach (var line in File.ReadLines(file))
                {
                    ListenerIn(line, address, exact, any);
                }
            }
            catch (IOException)
            {
                // No IPv6, no such file.
            }
        }

        // The kernel prefers the one that named its address.
        return exact.Count > 0 ? exact : any;
    }

    private static void ListenerIn(string line, IPEndPoint address, HashSet<(uint, ulong)> exact, HashSet<(uint, ulong)> any)
    {
        var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
        if (fields.Length < 10 || fields[3] != Listening
            || !uint.TryParse(fields[7], NumberStyles.None, CultureInfo.InvariantCulture, out var uid)
            || !ulong.TryParse(fields[9], NumberStyles.None, CultureInfo.InvariantCulture, out var inode))
        {
            return;
        }

        var own = fields[1];
        if (own == Text(address, mapped: false) || own == Text(address, mapped: true))
        {
            exact.Add((uid, inode));
        }
        else if (own.EndsWith(Port(address), StringComparison.Ordinal) && own.AsSpan(0, own.IndexOf(':')).TrimStart('0').IsEmpty)
        {
            any.Add((uid, inode));
        }
    }

    /// <summary>Looks a connection's other end up while it is open.</summary>
    /// <param name="peer">The caller's address, as the accepted socket sees it.</param>
    /// <param name="local">Our own address on that socket.</param>
    /// <returns>The uid that made the caller's socket; null when the kernel does not (or no longer) say.</returns>
    public static uint? OwnerOf(IPEndPoint peer, IPEndPoint local)
    {
        if (SocketDiagnosis.OwnerOf(peer, local) is { } owner)
        {
            _isAnswered = true;
            return owner;
        }

        // What a kernel that gives such answers does not know has gone; its table would have to be read to its end to say the same.
        return _isAnswered ? null : Listed(peer, local);
    }

    private static uint? Listed(IPEndPoint peer, IPEndPoint local)
    {
        foreach (var file in Files)
        {
            try
            {
                if (OwnerIn(File.ReadLines(file), peer, local) is { } uid)
                {
                    return uid;
                }
            }
            catch (IOException)
            {
                // No IPv6, no such file.
            }
        }

        return null;
    }

    /// <summary>Looks for the caller's own row, which has the caller's address on its local side.</summary>
    /// <remarks>
    /// A socket its owner has closed loses its inode and shows uid 0, root's: only an established socket with an inode names anybody.
    /// </remarks>
    public static uint? OwnerIn(IEnumerable<string> lines, IPEndPoint peer, IPEndPoint local)
    {
        var four = (Own: Text(peer, mapped: false), Other: Text(local, mapped: false));
        var six = (Own: Text(peer, mapped: true), Other: Text(local, mapped: true));
        foreach (var line in lines)
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields.Length < 10 || fields[3] != Established)
            {
                continue;
            }

            var row = (Own: fields[1], Other: fields[2]);
            if ((row == four || row == six)
                && uint.TryParse(fields[7], NumberStyles.None, CultureInfo.InvariantCulture, out var uid)
                && ulong.TryParse(fields[9], NumberStyles.None, CultureInfo.InvariantCulture, out var inode)
                && inode != 0)
            {
                return uid;
            }
        }

        return null;
    }

    /// <summary>An address as the table writes it: 32-bit words in the machine's byte order, then the port.</summary>
    private static string Text(IPEndPoint endPoint, bool mapped)
    {
        var address = endPoint.Address.IsIPv4MappedToIPv6 ? endPoint.Address.MapToIPv4() : endPoint.Address;
        if (mapped && address.AddressFamily == AddressFamily.InterNetwork)
        {
            address = address.MapToIPv6();
        }

        var bytes = address.GetAddressBytes();
        var words = new uint[bytes.Length / 4];
        for (var i = 0; i < words.Length; i++)
        {
            words[i] = BitConverter.IsLittleEndian
                ? BinaryPrimitives.ReadUInt32LittleEndian(bytes.AsSpan(i * 4))
                : BinaryPrimitives.ReadUInt32BigEndian(bytes.AsSpan(i * 4));
        }

        return string.Concat(words.Select(word => word.ToString("X8", CultureInfo.InvariantCulture)))
            + Port(endPoint);
    }

    private static string Port(IPEndPoint endPoint) => ":" + endPoint.Port.ToString("X4", CultureInfo.InvariantCulture);
}
