namespace Gflow.Launcher.Privileged;

/// <summary>The processes of a launcher with root's rights.</summary>
internal static unsafe class RootProgram
{
    /// <summary>Is the one that the command line means.</summary>
    internal static int Run(string[] arguments)
    {
        if (LauncherTerms.Parse(arguments, out var terms) is { } wrong)
        {
            return SelfProcess.Print(2, wrong, 2);
        }

        if (Native.geteuid() != 0)
        {
            return SelfProcess.Print(2, "only root can start jobs as other users", 1);
        }

        switch (terms!.Verb)
        {
            case "":
                // Init blocks no signal. Blocked before the program begins anew, they are blocked in all threads that the runtime makes.
                Signals.Block();
                Native.CloseOnExecAll();
                _ = Native.execv(SelfProcess.Path, Texts.List([SelfProcess.Path, .. terms.For(LauncherTerms.OfInit)]));
                return SelfProcess.Print(2, $"{SelfProcess.Path} cannot be executed: {Native.ErrorText(Native.Errno)}", 1);
            case LauncherTerms.Detach:
                return RootLauncher.Place(terms.Socket) is { } problem
                    ? SelfProcess.Print(2, problem, 1)
                    : SelfProcess.Detach(terms.Beside(".log"), terms.For(LauncherTerms.Guard));
            case LauncherTerms.Guard:
                return Guard.Run(terms);
            default:
                return RootLauncher.Serve(terms, terms.Verb == LauncherTerms.Guarded && terms.LockFd < 0 ? SelfProcess.ReadyFd : -1);
        }
    }
}
