using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Core.Reservations;

/// <summary>The only place that turns a draft into a <see cref="ReservationSpec"/> or a list of problems. Whether it fits beside others is for <see cref="ReservationRules"/>.</summary>
public sealed class ReservationCheck
{
    public const int MaxUserChars = 256;

    private readonly List<Problem> _problems = [];
    private readonly IReadOnlyList<int> _gpus;
    private readonly DateTimeOffset _now;

    private ReservationCheck(IReadOnlyList<int> gpus, DateTimeOffset now)
    {
        _gpus = gpus;
        _now = now;
    }

    /// <param name="caller">The owner when the draft names none.</param>
    /// <param name="gpus">The indices of the machine's GPUs.</param>
    public static Result<ReservationSpec> Check(ReservationDraft draft, string caller, IReadOnlyList<int> gpus, DateTimeOffset now)
    {
        var check = new ReservationCheck(gpus, now);
        var user = check.User(draft.User ?? caller);
        var reserved = check.Gpus(draft);
        var start = check.Start(draft.StartTime);
        var duration = check.Duration(draft.DurationSecs);
        return reserved is null || check._problems.Count > 0 ? check._problems : new ReservationSpec(user, reserved, start, duration);
    }

    private string User(string user)
    {
        if (string.IsNullOrWhiteSpace(user) || user.Length > MaxUserChars || user.Any(char.IsControl))
        {
            Refuse($"'user' must be the owner's name, of at most {MaxUserChars} printable characters.", "user");
        }

        return user.Trim();
    }

    private ReservedGpus? Gpus(ReservationDraft draft)
    {
        switch (draft)
        {
            case { GpuCount: { } count, GpuIndices: null }:
                return Any(count);
            case { GpuCount: null, GpuIndices: { } indices }:
                return These(indices);
            default:
                Refuse("Give either 'gpu_count' or 'gpu_indices'.", "gpu_count");
                return null;
        }
    }

    private ReservedGpus.Any? Any(long count)
    {
        if (count <= 0)
        {
            Refuse($"'gpu_count' must be at least 1; it is {count}.", "gpu_count");
            return null;
        }

        if (count > _gpus.Count)
        {
            Refuse($"'gpu_count' is {count}; this machine has {Owned}.", "gpu_count");
            return null;
        }

        return new ReservedGpus.Any((int)count);
    }

    private ReservedGpus.These? These(IReadOnlyList<long> indices)
    {
        if (indices.Count == 0)
        {
            Refuse("'gpu_indices' is empty: name at least one GPU.", "gpu_indices");
            return null;
        }

        var seen = new HashSet<long>();
        foreach (var index in indices)
        {
            if (!_gpus.Any(gpu => gpu == index))
            {
                Refuse($"GPU {index} is out of range: this machine has {Owned}{(_gpus.Count == 0 ? "" : $", {IndexListText.Format(_gpus.Select(gpu => (uint)gpu))}")}.", "gpu_indices");
                return null;
            }

            if (!seen.Add(index))
            {
                Refuse($"GPU {index} is named twice; name each GPU once.", "gpu_indices");
                return null;
            }
        }

        return new ReservedGpus.These([.. seen.Order().Select(index => (int)index)]);
    }

    private DateTimeOffset Start(WireInstant? start)
    {
        var known = start is { } given && given.TryToInstant(out var instant) ? instant : (DateTimeOffset?)null;
        switch (known)
        {
            case null:
                Refuse("'start_time' must be a point in time, {\"secs_since_epoch\": n, \"nanos_since_epoch\": n}.", "start_time");
                return default;
            case { } early when early < _now:
                Refuse($"'start_time' is in the past: {InstantText.FormatUtc(early)}; it is {InstantText.FormatUtc(_now)} now.", "start_time");
                return default;
            case { } late when late - _now > DurationText.Longest:
                Refuse($"'start_time' is too far away: {InstantText.FormatUtc(late)}; at most {DurationText.Longest.TotalDays:0} days lie before it.", "start_time");
                return default;
            default:
                return DateTimeOffset.FromUnixTimeMilliseconds(known.Value.ToUnixTimeMilliseconds());
        }
    }

    private TimeSpan Duration(long? seconds)
    {
        if (seconds is not { } given || given <= 0 || given > DurationText.Longest.TotalSeconds)
        {
            Refuse($"'duration_secs' must be a whole number from 1 to {DurationText.Longest.TotalSeconds:0} (seconds).", "duration_secs");
            return default;
        }

        return TimeSpan.FromSeconds(given);
    }

    private string Owned => _gpus.Count == 1 ? "1 GPU" : $"{_gpus.Count} GPUs";

    private void Refuse(string message, string field) => _problems.Add(new Problem(ProblemCode.Invalid, message, field));
}
