using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Gflow.Tests.TestKit;

/// <summary>An authority that vouches for certificates of servers and that no machine trusts by itself.</summary>
internal sealed class PrivateAuthority : IDisposable
{
    private static readonly DateTimeOffset Now = TimeProvider.System.GetUtcNow();

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;

    /// <param name="above">Who vouches for it; null for itself.</param>
    public PrivateAuthority(string name = "Private Authority", PrivateAuthority? above = null)
    {
        var request = new CertificateRequest($"CN={name}", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(certificateAuthority: true, false, 0, critical: true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, critical: true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, critical: false));
        if (above is null)
        {
            _certificate = request.CreateSelfSigned(Now.AddDays(-400), Now.AddDays(2));
        }
        else
        {
            using var bare = request.Create(above._certificate, Now.AddDays(-350), Now.AddDays(2), Guid.NewGuid().ToByteArray());
            _certificate = bare.CopyWithPrivateKey(_key);
        }
    }

    /// <summary>Its own certificate, for <c>ca_file</c>.</summary>
    public string Pem => _certificate.ExportCertificatePem();

    /// <summary>Where certificates say that this authority's own, and its list of revocations, can be fetched; null for nowhere.</summary>
    public Uri? Published { get; init; }

    /// <summary>A certificate with its key for a server.</summary>
    /// <param name="ends">Days from now.</param>
    /// <param name="names">DNS names and IP addresses.</param>
    public X509Certificate2 Issue(int ends, params IReadOnlyList<string> names)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=a server", key, HashAlgorithmName.SHA256);
        var alternatives = new SubjectAlternativeNameBuilder();
        foreach (var name in names)
        {
            if (IPAddress.TryParse(name, out var address))
            {
                alternatives.AddIpAddress(address);
            }
            else
            {
                alternatives.AddDnsName(name);
            }
        }

        request.CertificateExtensions.Add(alternatives.Build());
        request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid("1.3.6.1.5.5.7.3.1")], critical: false));
        if (Published is { } place)
        {
            request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension([new Uri(place, "ocsp").AbsoluteUri], [new Uri(place, "authority.cer").AbsoluteUri]));
            request.CertificateExtensions.Add(CertificateRevocationListBuilder.BuildCrlDistributionPointExtension([new Uri(place, "revoked.crl").AbsoluteUri]));
        }

        using var bare = request.Create(_certificate, Now.AddDays(-300), Now.AddDays(ends), Guid.NewGuid().ToByteArray());
        return bare.CopyWithPrivateKey(key);
    }

    /// <summary>Such a key with its certificate, as files of servers have them.</summary>
    public string IssuePem(int ends, params IReadOnlyList<string> names)
    {
        using var certificate = Issue(ends, names);
        using var key = certificate.GetECDsaPrivateKey()!;
        return $"{key.ExportPkcs8PrivateKeyPem()}\n{certificate.ExportCertificatePem()}\n";
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
    }
}
