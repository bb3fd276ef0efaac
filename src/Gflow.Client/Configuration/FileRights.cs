namespace Gflow.Client.Configuration;

/// <summary>Says of a file that may not be read what is in the way, and how its owner lets this process read it.</summary>
public static class FileRights
{
    /// <param name="file">Absolute path.</param>
    public static (string Message, string Remedy) Explain(string file)
    {
        var user = Environment.UserName;
        var remedy = $"run chgrp {user} {file} && chmod 640 {file}";
        try
        {
            var mode = Convert.ToString((int)File.GetUnixFileMode(file), 8).PadLeft(4, '0');
            return ($"the file cannot be read by {user}: its mode is {mode}", remedy);
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            return ($"the file cannot be read: {user} may not enter a directory on the way", $"run chmod o+x on its directories, then {remedy}");
        }
    }
}
