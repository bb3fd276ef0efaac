using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gflow.Daemon.Notifications;

/// <summary>
/// Judges the certificate that a server shows: it must bear the host's name, and somebody must vouch for it whom the machine
/// trusts or who is among the authorities given.
/// </summary>
/// <param name="key">Where the configuration names the host.</param>
internal sealed class ServerTrust(IReadOnlyList<X509Certificate2> authorities, string key)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>
    /// How a chain is built, here and by the class library before it asks here: of what the server sent, the authorities given and the
    /// machine's own. A certificate may name addresses where its authority or its revocation could be fetched (RFC 5280, 4.2.2.1 and
    /// 4.2.1.13); nothing that a stranger names is fetched before he is trusted.
    /// </summary>
    public static X509ChainPolicy ChainPolicy => new() { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };

    /// <summary>Given what a <see cref="RemoteCertificateValidationCallback"/> is given.</summary>
    /// <returns>Why the certificate is refused, with the remedy; null when it is good. Names in it are the server's words.</returns>
    public string? Problem(X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        if (shown is not X509Certificate2 certificate)
        {
            return "it shows no certificate";
        }

        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && !IsVouchedFor(certificate, chain))
        {
            return TimeProblem(certificate, chain) ?? "nobody whom this machine trusts vouches for its certificate; name the authority's certificate in ca_file";
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? $"its certificate is for {Names(certificate)} and not for the host of {key}; write there the name that the certificate has"
            : null;
    }

    private bool IsVouchedFor(X509Certificate2 certificate, X509Chain? shown)
    {
        if (authorities.Count == 0)
        {
            return false;
        }

        using var chain = new X509Chain { ChainPolicy = ChainPolicy };
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities.ToArray());
        if (shown is not null)
        {
            // What the server sent along: the authorities between its certificate and a root of the file.
            chain.ChainPolicy.ExtraStore.AddRange(shown.ChainPolicy.ExtraStore);
        }

        chain.ChainPolicy.ApplicationPolicy.Add(ServerAuthentication);
        return chain.Build(certificate);
    }

    private static string? TimeProblem(X509Certificate2 certificate, X509Chain? chain) =>
        chain?.ChainStatus.Any(status => status.Status.HasFlag(X509ChainStatusFlags.NotTimeValid)) == true
            ? string.Create(CultureInfo.InvariantCulture, $"its certificate, or that of its authority, is out of date (valid from {certificate.NotBefore:yyyy-MM-dd} to {certificate.NotAfter:yyyy-MM-dd})")
            : null;

    private static string Names(X509Certificate2 certificate)
    {
        var names = certificate.Extensions.OfType<X509SubjectAlternativeNameExtension>()
            .SelectMany(extension => extension.EnumerateDnsNames().Concat(extension.EnumerateIPAddresses().Select(address => address.ToString())))
            .Take(3)
            .ToList();
        return names.Count > 0 ? string.Join(", ", names) : certificate.GetNameInfo(X509NameType.SimpleName, forIssuer: false);
    }
}
