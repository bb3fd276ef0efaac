using System.Text;
using Gflow.Client.Platform;

namespace Gflow.Client.Configuration;

/// <summary>What is configured: a file with the environment over it, as written and not yet checked.</summary>
/// <param name="File">Absolute path of the file that was read; null when there is none.</param>
/// <param name="Mode">Who may do what with that file.</param>
/// <param name="Root">The merged values; what could be read where there are problems.</param>
/// <param name="Problems">Why the file or a variable could not be read.</param>
public sealed record ConfigSource(string? File, UnixFileMode Mode, ConfigValue.Table Root, IReadOnlyList<ConfigProblem> Problems)
{
    /// <summary>A configuration is a page of text; a wrong path to a data file must not fill the memory.</summary>
    private const int MostBytes = 1 << 20;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <summary>Reads a file, the environment, and lays the second over the first.</summary>
    /// <param name="configPath">The file named on the command line, which must exist and replaces the default one; null for the default one, which may be missing.</param>
    /// <param name="environment">The environment of the process.</param>
    /// <param name="paths">Where the default file is.</param>
    /// <param name="schema">The keys there are.</param>
    /// <param name="sections">Take only these tables and the top level from a file with mistakes in it; null to want all of it.</param>
    public static ConfigSource Read(
        string? configPath, IReadOnlyDictionary<string, string> environment, GflowPaths paths, ConfigKey schema, IReadOnlyCollection<string>? sections = null)
    {
        List<ConfigProblem> problems = [];
        var file = configPath is null ? paths.ConfigFile : WorkingDirectory.Absolute(configPath);
        var (text, mode) = Text(file, configPath is not null, problems);
        var root = new ConfigValue.Table(new Dictionary<string, ConfigEntry>(), ConfigOrigin.InFile(file));
        if (text is not null)
        {
            var (parsed, faults) = ConfigDocument.Parse(text, file);
            if (parsed is null && sections is not null)
            {
                (parsed, faults) = ConfigDocument.Parse(ConfigDocument.OnlySections(text, sections), file);
            }

            problems.AddRange(faults);
            root = parsed ?? root;
        }

        var (overlay, inVariables) = EnvironmentLayer.Read(environment, schema);
        problems.AddRange(inVariables);
        return new ConfigSource(text is null ? null : file, mode, root.Under(overlay), problems);
    }

    private static (string? Text, UnixFileMode Mode) Text(string file, bool named, List<ConfigProblem> problems)
    {
        try
        {
            using var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);

            // Pipes, as shells make them for <(…), do not know their length.
            var bytes = new byte[stream.CanSeek && stream.Length is > 0 and <= MostBytes ? stream.Length : MostBytes + 1];
            var count = stream.ReadAtLeast(bytes, bytes.Length, throwOnEndOfStream: false);
            if (count <= MostBytes)
            {
                return (StrictUtf8.GetString(bytes, 0, count), System.IO.File.GetUnixFileMode(stream.SafeFileHandle));
            }

            Unreadable($"the file is larger than {MostBytes} bytes", "name a configuration file");
        }
        catch (DecoderFallbackException)
        {
            Unreadable("the file is not UTF-8 text", "save it as UTF-8");
        }
        catch (Exception missing) when (missing is FileNotFoundException or DirectoryNotFoundException or ArgumentException)
        {
            if (named)
            {
                Unreadable("the file named by --config does not exist", "name an existing file, or leave --config out for the default one");
            }
        }
        catch (UnauthorizedAccessException) when (!Directory.Exists(file))
        {
            var (message, remedy) = FileRights.Explain(file);
            Unreadable(message, remedy);
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            Unreadable(
                Directory.Exists(file) ? "this is a directory" : "the file cannot be read",
                "name a file that this user may read");
        }

        return (null, UnixFileMode.None);

        void Unreadable(string message, string remedy) =>
            problems.Add(new ConfigProblem("unreadable_file", ConfigOrigin.InFile(file.Length == 0 ? "--config" : file), "", null, message, remedy));
    }
}
