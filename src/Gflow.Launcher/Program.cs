using Gflow.Launcher;
using Gflow.Launcher.Privileged;

return args switch
{
    ["--version"] => SelfProcess.Print(1, SelfProcess.Version, 0),
    [Stub.Execute, var user] => StubProgram.Run(user),
    [Stub.Remove, var user] => StubProgram.Remove(user),
    ["--for", ..] => RootProgram.Run(args),
    _ => KeeperLine.Parse(args) is { } line ? Keeper.Run(line) : SelfProcess.Print(2, $"{KeeperLine.Usage}\n{LauncherTerms.Usage}\nStarted by gflowd, or by init for a daemon of all users.", 2),
};
