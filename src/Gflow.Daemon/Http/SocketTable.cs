using System.Buffers.Binary;
using System.Globalization;
using System.Net;
using System.Net.Sockets;

namespace Gflow.Daemon.Http;

/// <summary>The kernel's list of TCP sockets: who holds the other end of a connection over loopback.</summary>
internal static class SocketTable
{
    private const string Established = "01";

    private static readonly string[] Files = ["/proc/net/tcp", "/proc/net/tcp6"];

    /// <summary>Looks a connection's other end up while it is open.</summary>
    /// <param name="peer">The caller's address, as the accepted socket sees it.</param>
    /// <param name="local">Our own address on that socket.</param>
    /// <returns>The uid that made the caller's socket; null when the kernel does not (or no longer) say.</returns>
    public static uint? OwnerOf(IPEndPoint peer, IPEndPoint local)
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
            + ":" + endPoint.Port.ToString("X4", CultureInfo.InvariantCulture);
    }
}
