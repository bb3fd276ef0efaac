using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Gflow.Client.Configuration;

namespace Gflow.Daemon.Configuration.Reading;

/// <summary>Reads the certificates that <c>ca_file</c> names, once for each reading of the configuration.</summary>
internal static class AuthorityFile
{
    private const string Key = "ca_file";

    /// <param name="environment">Of the process, for the home directory.</param>
    /// <returns>The certificates in the file; none when the key is unset or something is wrong with it.</returns>
    public static IReadOnlyList<X509Certificate2> Read(ConfigSection target, IReadOnlyDictionary<string, string> environment)
    {
        if (target.Text(Key) is not { } written)
        {
            return [];
        }

        if (ClientOptions.AbsolutePath(written.Value, environment) is not { } path)
        {
            target.Wrong(Key, written, "this path depends on where the daemon is started");
            return [];
        }

        var certificates = new X509Certificate2Collection();
        if (Import(certificates, path) is { } problem)
        {
            target.Wrong(Key, written, problem);
        }

        return [.. certificates];
    }

    private static string? Import(X509Certificate2Collection certificates, string path)
    {
        try
        {
            certificates.ImportFromPem(File.ReadAllText(path));
            return certificates.Count == 0 ? "there is no certificate in this file" : null;
        }
        catch (Exception exception) when (exception is FileNotFoundException or DirectoryNotFoundException)
        {
            return "this file does not exist";
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return "this file cannot be read";
        }
        catch (CryptographicException)
        {
            return "a certificate in this file is damaged";
        }
    }
}
