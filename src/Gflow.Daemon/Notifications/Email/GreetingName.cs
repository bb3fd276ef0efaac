using System.Net;
using System.Net.Sockets;
using System.Text.RegularExpressions;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>The name to greet a mail server with when none is configured (RFC 5321, 4.1.1.1).</summary>
internal static partial class GreetingName
{
    /// <param name="host">The machine's name, as the machine has it.</param>
    /// <param name="local">Our end of the connection.</param>
    /// <returns>The name when it is a full one, else the address in brackets: servers refuse short names, and names that DNS cannot have.</returns>
    public static string Of(string host, IPAddress local)
    {
        if (host.Length <= 253 && FullName().IsMatch(host))
        {
            return host;
        }

        var address = local.IsIPv4MappedToIPv6 ? local.MapToIPv4() : local;
        return address.AddressFamily == AddressFamily.InterNetworkV6
            ? $"[IPv6:{new IPAddress(address.GetAddressBytes())}]"
            : $"[{address}]";
    }

    // The last label is a top-level domain, and those begin with a letter; without that rule addresses would be names.
    [GeneratedRegex(@"\A([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\z")]
    private static partial Regex FullName();
}
