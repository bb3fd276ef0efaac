using Gflow.Core.Text;

namespace Gflow.Core.Reservations;

/// <summary>Whether a reservation fits beside others: at no instant may one GPU be promised twice, nor more GPUs than there are.</summary>
internal static class ReservationConflict
{
    /// <param name="wished">Asks by itself for no more than the machine has.</param>
    /// <param name="others">Fit together.</param>
    /// <param name="gpuCount">How many GPUs the machine has.</param>
    /// <returns>A problem <c>conflict</c> about the first instant at which it does not fit; null when it does.</returns>
    public static Problem? Find(ReservationSpec wished, IEnumerable<Reservation> others, int gpuCount)
    {
        // Only a beginning can make it too much, so these are the instants to look at.
        List<Reservation> present = [];
        foreach (var other in others.Where(other => other.Spec.Meets(wished)).OrderBy(other => other.Spec.Start).ThenBy(other => other.Id.Value))
        {
            var instant = other.Spec.Start > wished.Start ? other.Spec.Start : wished.Start;
            present.RemoveAll(earlier => earlier.Spec.End <= instant);
            present.Add(other);
            if (Shared(wished, other) is { } index)
            {
                return No($"GPU {index} is reserved for {other.Spec.User} from {InstantText.FormatUtc(other.Spec.Start)} to {InstantText.FormatUtc(other.Spec.End)}", [other]);
            }

            // Reserved indices are disjoint, so they count like any others.
            var taken = present.Sum(reservation => reservation.Spec.Gpus.Count);
            if (taken + wished.Gpus.Count > gpuCount)
            {
                return No($"at {InstantText.FormatUtc(instant)} others have {taken} of {gpuCount} GPUs, which leaves no {wished.Gpus.Count}", present);
            }
        }

        return null;
    }

    private static int? Shared(ReservationSpec wished, Reservation other) => (wished.Gpus, other.Spec.Gpus) switch
    {
        (ReservedGpus.These mine, ReservedGpus.These theirs) => mine.Indices.Intersect(theirs.Indices).Select(index => (int?)index).FirstOrDefault(),
        _ => null,
    };

    private static Problem No(string why, IReadOnlyList<Reservation> others) =>
        new(ProblemCode.Conflict, $"The reservation conflicts with reservation {string.Join(", ", others.Select(other => other.Id))}: {why}.");
}
