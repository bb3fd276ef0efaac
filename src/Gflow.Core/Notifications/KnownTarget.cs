using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Gflow.Core.Notifications;

/// <summary>Who a target is, so that it is known again when the configuration has changed.</summary>
public sealed partial record KnownTarget
{
    private const int HashLength = 8;
    private const int LongestHost = 48;

    /// <summary>What deliveries to it are filed under.</summary>
    public required string Name { get; init; }

    /// <summary>Whether somebody gave it this name; else it was made from its address.</summary>
    public required bool IsNamed { get; init; }

    /// <summary>What its kind is called, such as <c>webhook</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Host and a short hash of where it leads and as whom, without anything secret; the same for the same address.</summary>
    public required string Address { get; init; }

    /// <summary>Which of its kind it is in the file, from 0; null for one of which only its deliveries are known.</summary>
    public int? Place { get; init; }

    /// <summary>As whom it writes; null where that does not matter, and where it is not known.</summary>
    public string? Sender { get; init; }

    /// <summary>Whether it was missing from the last configuration already.</summary>
    public bool IsAway { get; init; }

    public string Host => Address[..^(HashLength + 1)];

    /// <summary>The address as it is compared, and as unnamed targets are called after it.</summary>
    /// <param name="identity">All that tells the target from others, without secrets.</param>
    public static string AddressOf(string host, string identity)
    {
        var plainHost = NotInNames().Replace(host, "-").Trim('-', '.');
        var hash = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(identity)));
        return $"{(plainHost.Length > LongestHost ? plainHost[..LongestHost] : plainHost)}-{hash[..HashLength]}";
    }

    /// <summary>An unnamed target of which nothing but its name is left.</summary>
    /// <returns>Null when the name was given by somebody.</returns>
    public static KnownTarget? Unnamed(string name, string kind) => Made().Match(name) is { Success: true } made
        ? new KnownTarget { Name = name, IsNamed = false, Kind = kind, Address = made.Groups["address"].Value }
        : null;

    [GeneratedRegex("[^A-Za-z0-9.]+")]
    private static partial Regex NotInNames();

    [GeneratedRegex(@"\A(?<address>.+-[0-9a-f]{8})(-[0-9]+)?\z")]
    private static partial Regex Made();
}
