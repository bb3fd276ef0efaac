using System.Diagnostics;
using System.Text;
using Gflow.Tests.TestKit;

namespace Gflow.Tests.Arrays;

/// <summary>Runs many commands, each by a bash of its own, in a directory where nothing but the file <c>a</c> is: whatever else appears there was made by a value.</summary>
internal static class BashRun
{
    private const string Driver = """
        shopt -s nullglob dotglob
        while IFS= read -r -d '' command; do
            timeout -s KILL 5 bash -c "$command" </dev/null 2>/dev/null
            printf '\1%s\2' "$?"
            files=(*)
            if [ "${files[*]}" != a ]; then printf 'made %s' "${files[*]}"; rm -rf -- *; : >a; fi
            printf '\3'
        done
        """;

    /// <returns>What each printed, and the files it made.</returns>
    internal static async Task<List<(string Output, string Made)>> AllAsync(IEnumerable<string> commands, CancellationToken cancellation)
    {
        using var home = new TestHome();
        var work = Directory.CreateDirectory(Path.Combine(home.Root, "work")).FullName;
        await File.WriteAllTextAsync(Path.Combine(work, "a"), "", cancellation);
        using var bash = Process.Start(new ProcessStartInfo("bash", ["-c", Driver])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            StandardInputEncoding = new UTF8Encoding(false),
            StandardOutputEncoding = Encoding.UTF8,
            WorkingDirectory = work,
        })!;
        var output = bash.StandardOutput.ReadToEndAsync(cancellation);
        foreach (var command in commands)
        {
            await bash.StandardInput.WriteAsync($"{command}\0".AsMemory(), cancellation);
        }

        bash.StandardInput.Close();
        var all = await output;
        await bash.WaitForExitAsync(cancellation);
        return [.. all.Split('\u0003')[..^1].Select(one => (one[..one.LastIndexOf('\u0001')], one[(one.LastIndexOf('\u0002') + 1)..]))];
    }
}
