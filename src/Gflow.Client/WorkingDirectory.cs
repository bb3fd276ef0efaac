namespace Gflow.Client;

/// <summary>Where this process was started, which may be gone by now.</summary>
public static class WorkingDirectory
{
    private const char Replacement = '\uFFFD';

    /// <summary>For people who are where <see cref="Find"/> finds nothing.</summary>
    public const string Missing = "the working directory has been removed, or its name is not UTF-8 text; change to another one";

    /// <returns>Absolute; null when it has been removed, or cannot be named in text.</returns>
    public static string? Find()
    {
        try
        {
            // What is no text in the name has been replaced, and that is the name of another place, or of none.
            var directory = Environment.CurrentDirectory;
            return directory.Contains(Replacement, StringComparison.Ordinal) && !Directory.Exists(directory) ? null : directory;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Makes a path absolute; one that is empty, or relative to a directory that has been removed, stays as it is and names nothing.</summary>
    public static string Absolute(string path)
    {
        try
        {
            return path.Length == 0 ? path : Path.GetFullPath(path);
        }
        catch (IOException)
        {
            return path;
        }
    }
}
