using System.Net;
using System.Net.Sockets;

namespace Gflow.Core.Notifications;

/// <summary>
/// Where the daemon may connect for a notification. A target of the configuration may be anywhere, this machine and its
/// neighbours included, but nowhere that answers with secrets to whoever asks from here, and nowhere that is no single machine.
/// </summary>
public static class AddressRules
{
    /// <summary>Where clouds tell machines about themselves, their credentials included, where that is not link-local anyway.</summary>
    private static readonly IPAddress[] Metadata =
    [
        IPAddress.Parse("169.254.169.254"),
        IPAddress.Parse("100.100.100.200"),
        IPAddress.Parse("168.63.129.16"),
        IPAddress.Parse("192.0.0.192"),
        IPAddress.Parse("fd00:ec2::254"),
        IPAddress.Parse("fd20:ce::254"),
    ];

    /// <summary>What forbids an address, as the rest of a sentence that begins with "the address is"; null when nothing does.</summary>
    /// <param name="address">Any address; forms of IPv6 that carry an IPv4 address are judged by that as well.</param>
    /// <param name="port">The port to be connected to.</param>
    /// <param name="ownPort">The port of this daemon's own API on loopback; null when it has none.</param>
    public static string? Problem(IPAddress address, int port, int? ownPort)
    {
        // Without the zone of a link-local address: it takes no part in any rule.
        var bytes = address.GetAddressBytes();
        var plain = new IPAddress(bytes);
        var problem = plain.AddressFamily == AddressFamily.InterNetwork ? Problem4(bytes) : Problem6(bytes);
        if (Metadata.Contains(plain))
        {
            return "a cloud's metadata service";
        }

        return problem
            ?? (IPAddress.IsLoopback(plain) && port == ownPort ? "the API of gflow itself" : null)
            ?? Carried(plain, bytes).Select(inner => Problem(inner, port, ownPort)).FirstOrDefault(found => found is not null);
    }

    /// <summary>Ranges of the IANA registry of special-purpose addresses (RFC 6890).</summary>
    private static string? Problem4(byte[] address) => address switch
    {
        [0, ..] => "unspecified",
        [169, 254, ..] => "link-local",
        [>= 224 and <= 239, ..] => "multicast",
        [255, 255, 255, 255] => "the broadcast address",
        [>= 240, ..] => "reserved",
        _ => null,
    };

    /// <summary>RFC 4291, sections 2.5 to 2.7.</summary>
    private static string? Problem6(byte[] address) => address switch
    {
        _ when address.All(part => part == 0) => "unspecified",
        [0xfe, >= 0x80 and <= 0xbf, ..] => "link-local",
        [0xff, ..] => "multicast",
        _ => null,
    };

    /// <summary>The IPv4 addresses that an IPv6 address stands for.</summary>
    private static IEnumerable<IPAddress> Carried(IPAddress address, byte[] bytes)
    {
        if (bytes.Length == 4)
        {
            yield break;
        }

        // IPv4-compatible, -mapped and -translated (RFC 4291 section 2.5.5, RFC 2765), and NAT64 (RFC 6052).
        var last = bytes[12..];
        if (bytes is [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0 or 0xff, 0 or 0xff, ..] && !IPAddress.IsLoopback(address)
            || bytes is [0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, ..]
            || bytes is [0, 0x64, 0xff, 0x9b, 0, 0, 0, 0, 0, 0, 0, 0, ..])
        {
            yield return new IPAddress(last);
        }

        // A local NAT64 prefix (RFC 8215) is 48 bits long or up to 96: the address lies around the ninth byte or at the end (RFC 6052 section 2.2), and zeros in the other place.
        if (bytes is [0, 0x64, 0xff, 0x9b, 0, 1, ..])
        {
            byte[][] places = [[bytes[6], bytes[7], bytes[9], bytes[10]], last];
            foreach (var place in places.Where(place => place.Any(part => part != 0)))
            {
                yield return new IPAddress(place);
            }
        }

        // 6to4 (RFC 3056).
        if (bytes is [0x20, 0x02, ..])
        {
            yield return new IPAddress(bytes[2..6]);
        }

        // Teredo: the server, and the client with its bits turned over (RFC 4380 section 4).
        if (bytes is [0x20, 0x01, 0, 0, ..])
        {
            yield return new IPAddress(bytes[4..8]);
            yield return new IPAddress([.. last.Select(part => (byte)~part)]);
        }

        // ISATAP (RFC 5214 section 6.1).
        if (bytes is [_, _, _, _, _, _, _, _, 0 or 2, 0, 0x5e, 0xfe, ..])
        {
            yield return new IPAddress(last);
        }
    }
}
