using Gflow.Core.Contracts;
using Gflow.Core.Jobs;

namespace Gflow.Core.Submission;

/// <summary>A submission as people write it: a draft, and dependencies that may still be named relative to their submissions.</summary>
/// <param name="Draft">Everything but the dependencies.</param>
/// <param name="Dependencies">Null when none were named.</param>
/// <param name="ParamFile">Path of a file with combinations of parameters, that is still to be read; null for none.</param>
public sealed record SubmissionWish(SubmissionDraft Draft, DependencyWish? Dependencies = null, string? ParamFile = null)
{
    /// <summary>
    /// This wish with <paramref name="upper"/> laid over it: what is set above wins; e-mail addresses are added up, those below first. Number
    /// and type of GPUs are one option, so that a number above leaves nothing of a type below.
    /// </summary>
    public SubmissionWish Under(SubmissionWish upper)
    {
        var draft = Draft.Under(upper.Draft);
        return new(
            draft with
            {
                GpuType = upper.Draft.Gpus is null ? draft.GpuType : upper.Draft.GpuType,
                Notifications = Join(Draft.Notifications, upper.Draft.Notifications),
            },
            upper.Dependencies ?? Dependencies,
            upper.ParamFile ?? ParamFile);
    }

    private static WireNotifications? Join(WireNotifications? below, WireNotifications? above)
    {
        if (below is null || above is null)
        {
            return above ?? below;
        }

        return new()
        {
            Emails = Distinct([.. below.Emails ?? [], .. above.Emails ?? []]),
            Events = above.Events is { Count: > 0 } ? above.Events : below.Events,
            Me = above.Me ?? below.Me,
        };
    }

    internal static List<string>? Distinct(IEnumerable<string> texts)
    {
        List<string> kept = [];
        foreach (var text in texts)
        {
            if (text.Trim() is { Length: > 0 } trimmed && !kept.Contains(trimmed))
            {
                kept.Add(trimmed);
            }
        }

        return kept.Count > 0 ? kept : null;
    }
}

/// <param name="Mode"><c>All</c> or <c>Any</c>, as on the wire.</param>
public sealed record DependencyWish(IReadOnlyList<JobReference> On, string Mode);
