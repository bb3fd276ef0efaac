namespace Gflow.EndToEnd.TestKit;

/// <summary>Files that change as a whole, for those who may read them at that moment: half a file is a file too.</summary>
internal static class Replaced
{
    public static void Write(string path, string text)
    {
        File.WriteAllText(path + ".new", text);
        File.Move(path + ".new", path, overwrite: true);
    }
}
