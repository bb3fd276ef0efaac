using Gflow.Client.CommandLine;
using Gflow.Core.Text;

namespace Gflow.Cli.Gctl.Notify;

/// <summary><c>gctl notify</c>: how notifications are doing, and what to do about them.</summary>
internal static class NotifyCommand
{
    /// <summary>For subcommands about one target.</summary>
    internal static WordsSpec Target { get; } = new("TARGET", 1, 1, "A target's name, as in the configuration");

    /// <summary>For subcommands about several deliveries.</summary>
    internal static WordsSpec Deliveries { get; } = new("ID", 1, int.MaxValue, "Numbers of deliveries: 12, 7,9-12");

    internal static CommandSpec Make() => new()
    {
        Name = "notify",
        Summary = "See and steer notifications: targets and deliveries",
        Notes =
        [
            "A target is one entry of [[notifications.webhooks]] or [[notifications.emails]]. A delivery is one event for one target and, for mail, one recipient; its number is shown by list.",
            "Administrators see and steer all. Others see the deliveries about their own jobs.",
        ],
        Subcommands =
        [
            NotifyStatusCommand.Make(),
            NotifyListCommand.Make(),
            NotifyShowCommand.Make(),
            NotifyResendCommand.Make(),
            NotifyCancelCommand.Make(),
            NotifyPauseCommand.Make(),
            NotifyPauseCommand.MakeResume(),
            NotifyPauseCommand.MakeEnable(),
            NotifyTestCommand.Make(),
            NotifyPreviewCommand.Make(),
            NotifyExplainCommand.Make(),
        ],
        Examples =
        [
            new("gctl notify status", "How every target is"),
            new("gctl notify list --state dead --since 1d", "What was given up since yesterday"),
            new("gctl notify test ops", "Try a target"),
        ],
    };

    /// <summary>The target that the word names.</summary>
    internal static string TargetName(Invocation invocation) =>
        invocation.Words[0] is { Length: > 0 } name ? name : throw Invocation.Wrong("\"\" is not a target; gctl notify status shows those there are");

    /// <summary>The numbers that the words name.</summary>
    internal static IReadOnlyList<long> Ids(Invocation invocation)
    {
        List<long> ids = [.. invocation.Words.SelectMany(word => Invocation.NeedUsage(IndexListText.Parse(word), "deliveries")).Distinct()];
        return ids.Contains(0) ? throw Invocation.Wrong("deliveries are numbered from 1; there is no delivery 0") : ids;
    }
}
