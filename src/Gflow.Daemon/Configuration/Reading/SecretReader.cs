using System.Text;
using System.Text.RegularExpressions;
using Gflow.Client.Configuration;

namespace Gflow.Daemon.Configuration.Reading;

/// <summary>
/// Fetches secrets from where the configuration says they are. What it reports names the place, never what was found there.
/// </summary>
internal sealed partial class SecretReader(IReadOnlyDictionary<string, string> environment, ConfigFindings findings)
{
    /// <summary>The problem with a variable or credential that this process does not have; another process may.</summary>
    public const string NotHere = "missing_secret";

    private const string CredentialsDirectory = "CREDENTIALS_DIRECTORY";

    /// <summary>No key or URL is longer; a wrong path to a data file must not fill the memory.</summary>
    private const int MostBytes = 64 << 10;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private ConfigFindings Findings => findings;

    /// <summary>The secret itself, with the origin and name of its place.</summary>
    /// <param name="value">A text, or a table that names one place, as the schema has it.</param>
    /// <param name="path">Path of its key.</param>
    /// <returns>Null, and a problem more, when nothing usable is there.</returns>
    public ConfigValue.Text? Read(ConfigValue value, string path)
    {
        if (value is ConfigValue.Text written)
        {
            return written;
        }

        var table = (ConfigValue.Table)value;
        var place = ConfigSchema.SecretPlaces.First(known => table[known.Name] is not null).Name;
        var named = ((ConfigValue.Text)table[place]!).Value;
        var finding = new Finding(this, table.Origin, path, place, named);
        var text = place switch
        {
            "file" => ClientOptions.AbsolutePath(named, environment) is { } file
                ? OfFile(file, finding)
                : finding.Hidden("invalid_value", "this is not an absolute path", "write an absolute path, or one that begins with ~/"),
            "env" => OfVariable(named, finding),
            _ => OfCredential(named, finding),
        };
        return text is null ? null : new ConfigValue.Text(text, table.Origin) { Place = finding.Shown };
    }

    private string? OfVariable(string name, Finding finding)
    {
        if (!VariableName().IsMatch(name))
        {
            return finding.Hidden("invalid_value", "this is not the name of a variable", "write letters, digits and underscores; the secret itself goes in quotes without a table");
        }

        return environment.TryGetValue(name, out var value)
            ? value.Length > 0 ? value : finding.Problem("empty_secret", "the environment variable is empty", "set it to the secret")
            : finding.Problem(NotHere, "the environment variable is not set", "set it for the daemon, and for config check");
    }

    private string? OfCredential(string name, Finding finding)
    {
        if (!CredentialName().IsMatch(name))
        {
            return finding.Hidden("invalid_value", "this is not the name of a credential", "write the name of LoadCredential=NAME:PATH; it is not a path");
        }

        return environment.TryGetValue(CredentialsDirectory, out var directory) && Path.IsPathRooted(directory)
            ? OfFile(Path.Combine(directory, name), finding)
            : finding.Problem(NotHere, $"{CredentialsDirectory} is not set, so there are no credentials", "start the daemon as a systemd service with LoadCredential=, or use { file = \"PATH\" }");
    }

    private static string? OfFile(string file, Finding finding)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            var bytes = new byte[MostBytes + 1];
            var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (count > MostBytes)
            {
                return finding.Problem("unreadable_secret", $"the file is larger than {MostBytes} bytes", "name a file that holds the secret alone");
            }

            if ((File.GetUnixFileMode(stream.SafeFileHandle) & UnixFileMode.OtherRead) != 0)
            {
                finding.Warn("every user of this machine may read the file", $"run chmod o-r {file}");
            }

            var text = WithoutLineBreak(StrictUtf8.GetString(bytes, 0, count));
            return text.Length > 0 ? text : finding.Problem("empty_secret", "the file is empty", "write the secret into it");
        }
        catch (DecoderFallbackException)
        {
            return finding.Problem("unreadable_secret", "the file is not UTF-8 text", "save it as UTF-8");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException)
        {
            return finding.Problem("unreadable_secret", "the file does not exist", "name an existing file");
        }
        catch (UnauthorizedAccessException) when (!Directory.Exists(file))
        {
            var (message, remedy) = FileRights.Explain(file);
            return finding.Problem("unreadable_secret", message, remedy);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            return finding.Problem(
                "unreadable_secret",
                Directory.Exists(file) ? "this is a directory" : "the file cannot be read",
                "name a file that the daemon's user may read");
        }
    }

    // Editors and echo end a file with one; a second one somebody has meant.
    private static string WithoutLineBreak(string text) =>
        text.EndsWith("\r\n", StringComparison.Ordinal) ? text[..^2] : text.EndsWith('\n') ? text[..^1] : text;

    [GeneratedRegex(@"\A[A-Za-z_][A-Za-z0-9_]*\z")]
    private static partial Regex VariableName();

    [GeneratedRegex(@"\A(?!\.\.?\z)[A-Za-z0-9._@-]{1,255}\z")]
    private static partial Regex CredentialName();

    /// <summary>Where one secret should be, for what there is to say about it.</summary>
    private sealed record Finding(SecretReader Reader, ConfigOrigin Origin, string Path, string Place, string Named)
    {
        public string Shown => $"{{ {Place} = {ConfigValue.Text.Quote(Named)} }}";

        public string? Problem(string code, string message, string remedy) => Report(code, Shown, message, remedy);

        /// <summary>As above where the name itself may be the secret, put into the wrong place.</summary>
        public string? Hidden(string code, string message, string remedy) => Report(code, $"{{ {Place} = {SecretText.Hidden} }}", message, remedy);

        public void Warn(string message, string remedy) =>
            Reader.Findings.Warnings.Add(new ConfigProblem("readable_secrets", Origin, Path, Shown, message, remedy));

        private string? Report(string code, string shown, string message, string remedy)
        {
            Reader.Findings.Problems.Add(new ConfigProblem(code, Origin, Path, shown, message, remedy));
            return null;
        }
    }
}
