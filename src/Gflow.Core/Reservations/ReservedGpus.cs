namespace Gflow.Core.Reservations;

/// <summary>Which GPUs a reservation is for; a closed set.</summary>
public abstract record ReservedGpus
{
    private ReservedGpus()
    {
    }

    /// <summary>How many they are.</summary>
    public abstract int Count { get; }

    /// <summary>So many, whichever they are.</summary>
    /// <param name="Number">At least 1.</param>
    public sealed record Any(int Number) : ReservedGpus
    {
        public override int Count => Number;
    }

    /// <summary>These and no others.</summary>
    /// <param name="Indices">At least one, ascending, without repeats.</param>
    public sealed record These(IReadOnlyList<int> Indices) : ReservedGpus
    {
        public override int Count => Indices.Count;
    }
}
