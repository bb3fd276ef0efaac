namespace Gflow.Daemon.Platform;

/// <summary>Directories for their owner alone.</summary>
internal static class PrivateDirectory
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>Makes one, and those above it that are missing; one that is there stays as it is.</summary>
    /// <exception cref="IOException">It cannot be made; the message names what stands in the way.</exception>
    public static void Make(string path)
    {
        try
        {
            Directory.CreateDirectory(path, OwnerOnly);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new IOException($"The directory {path} cannot be made: {InTheWay(path) ?? Reason(error)}", error);
        }
    }

    /// <summary>Lets others go through it to what they know the name of, and see nothing of it.</summary>
    /// <exception cref="IOException">It belongs to somebody else.</exception>
    public static void LetPass(string path)
    {
        try
        {
            File.SetUnixFileMode(path, OwnerOnly | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute);
        }
        catch (UnauthorizedAccessException error)
        {
            throw new IOException($"The directory {path} cannot be opened to the users of this machine: it belongs to somebody else", error);
        }
    }

    private static string? InTheWay(string path)
    {
        for (var place = path; place is not null; place = Path.GetDirectoryName(place))
        {
            if (!Directory.Exists(place) && new FileInfo(place).LinkTarget is { } target)
            {
                return $"{place} is a link to {target}, which is no directory; remove it";
            }

            if (File.Exists(place))
            {
                return $"{place} is no directory; move it away";
            }
        }

        return null;
    }

    /// <summary>What the system says of a path that has been named; the runtime adds it.</summary>
    public static string Reason(Exception error) => error is UnauthorizedAccessException ? "permission denied" : error.Message.Split(" : '")[0].TrimEnd('.', ' ');
}
