using Gflow.Daemon.Execution;

namespace Gflow.Tests.Execution;

public sealed class PlainCommandTests : IDisposable
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("gflow-path-");

    public PlainCommandTests()
    {
        Program("train", "#!/bin/sh\n");
        Program("echo", "#!/bin/sh\n");
        Program("no-format", "echo 1\n");
        Program("not-executable", "#!/bin/sh\n", UnixFileMode.UserRead);
    }

    [Theory]
    [InlineData("train", "train")]
    [InlineData("  train --lr=0.1  -n 3 data/set_1.csv,a+b:c@d ", "train|--lr=0.1|-n|3|data/set_1.csv,a+b:c@d")]
    public void Words_that_mean_nothing_to_a_shell_are_executed(string command, string words) =>
        Assert.Equal(words.Split('|'), PlainCommand.TryRead(command, Environment())!);

    [Theory]
    [InlineData("train && train")]
    [InlineData("train > out")]
    [InlineData("train $HOME")]
    [InlineData("train *.csv")]
    [InlineData("train ~/x")]
    [InlineData("train 'a b'")]
    [InlineData("train\ttab")]
    [InlineData("train # comment")]
    [InlineData("LR=1 train")]
    [InlineData("echo -e x")]
    [InlineData("exit 3")]
    [InlineData("time train")]
    [InlineData("missing")]
    [InlineData("./train")]
    [InlineData("no-format")]
    [InlineData("not-executable")]
    [InlineData("")]
    public void Everything_else_is_left_to_bash(string command) => Assert.Null(PlainCommand.TryRead(command, Environment()));

    [Theory]
    [InlineData("BASH_ENV=/etc/profile.d/modules.sh")]
    [InlineData("BASH_FUNC_train%%=() { :; }")]
    public void What_bash_would_do_first_is_left_to_bash(string variable) =>
        Assert.Null(PlainCommand.TryRead("train", [.. Environment(), variable]));

    public void Dispose() => _directory.Delete(recursive: true);

    private string[] Environment() => ["HOME=/", $"PATH=relative:/nowhere:{_directory.FullName}"];

    private void Program(string name, string content, UnixFileMode mode = UnixFileMode.UserRead | UnixFileMode.UserExecute)
    {
        var path = Path.Combine(_directory.FullName, name);
        File.WriteAllText(path, content);
        File.SetUnixFileMode(path, mode);
    }
}
