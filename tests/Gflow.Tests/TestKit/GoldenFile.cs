using System.Runtime.CompilerServices;

namespace Gflow.Tests.TestKit;

/// <summary>Output compared with a file of the repository; GFLOW_UPDATE_GOLDEN=1 writes the file instead.</summary>
internal static class GoldenFile
{
    internal static void Check(string name, string actual)
    {
        var path = Path.Combine(Root(), "tests", "Gflow.Tests", "Golden", $"{name}.txt");
        if (Environment.GetEnvironmentVariable("GFLOW_UPDATE_GOLDEN") == "1")
        {
            Directory.CreateDirectory(Path.GetDirectoryName(path)!);
            File.WriteAllText(path, actual);
            return;
        }

        Assert.True(File.Exists(path), $"there is no golden file {path}; write it with GFLOW_UPDATE_GOLDEN=1");
        Assert.Equal(File.ReadAllText(path), actual);
    }

    /// <summary>The repository, as this file was compiled in it.</summary>
    internal static string Root([CallerFilePath] string path = "") => Path.GetFullPath(Path.Combine(Path.GetDirectoryName(path)!, "..", "..", ".."));
}
