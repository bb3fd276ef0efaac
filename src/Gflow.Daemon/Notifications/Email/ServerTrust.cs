using System.Globalization;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gflow.Daemon.Notifications.Email;

/// <summary>
/// Judges the certificate that a mail server shows: it must bear the host's name, and somebody must vouch for it whom the machine
/// trusts or who is among the authorities given.
/// </summary>
internal sealed class ServerTrust(IReadOnlyList<X509Certificate2> authorities)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>Why the last certificate was refused, with the remedy; null when it was not, or none was seen. Names in it are the server's words.</summary>
    public string? Refusal { get; private set; }

    /// <summary>Has the form of <see cref="RemoteCertificateValidationCallback"/>.</summary>
    public bool Accepts(object sender, X509Certificate? shown, X509Chain? chain, SslPolicyErrors errors)
    {
        Refusal = shown is X509Certificate2 certificate ? Problem(certificate, chain, errors) : "it shows no certificate";
        return Refusal is null;
    }

    private string? Problem(X509Certificate2 certificate, X509Chain? chain, SslPolicyErrors errors)
    {
        if (errors.HasFlag(SslPolicyErrors.RemoteCertificateChainErrors) && !IsVouchedFor(certificate, chain))
        {
            return TimeProblem(certificate, chain) ?? "nobody whom this machine trusts vouches for its certificate; name the authority's certificate in ca_file";
        }

        return errors.HasFlag(SslPolicyErrors.RemoteCertificateNameMismatch)
            ? $"its certificate is for {Names(certificate)} and not for the host of smtp_url; write there the name that the certificate has"
            : null;
    }

    private bool IsVouchedFor(X509Certificate2 certificate, X509Chain? shown)
    {
        if (authorities.Count == 0)
        {
            return false;
        }

        using var chain = new X509Chain();
        chain.ChainPolicy.TrustMode = X509ChainTrustMode.CustomRootTrust;
        chain.ChainPolicy.CustomTrustStore.AddRange(authorities.ToArray());
        if (shown is not null)
        {
            // What the server sent along: the authorities between its certificate and a root of the file.
            chain.ChainPolicy.ExtraStore.AddRange(shown.ChainPolicy.ExtraStore);
        }

        chain.ChainPolicy.RevocationMode = X509RevocationMode.NoCheck;
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
