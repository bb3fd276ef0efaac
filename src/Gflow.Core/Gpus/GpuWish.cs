using Gflow.Core.Text;

namespace Gflow.Core.Gpus;

/// <summary>Which GPUs will do for a job, whatever their number. Two that ask for the same are equal.</summary>
/// <param name="Type">A part of the model's name, as <see cref="GpuTypeText"/> reads it; null for any.</param>
/// <param name="MinMemoryMb">The least memory of each, in MiB; null for any.</param>
/// <param name="Indices">These and no others, ascending, without repeats; empty for any.</param>
public sealed record GpuWish(string? Type, long? MinMemoryMb, IReadOnlyList<int> Indices)
{
    public static GpuWish Any { get; } = new(null, null, []);

    public bool IsAny => Type is null && MinMemoryMb is null && Indices.Count == 0;

    /// <summary>Whether a GPU will do. Cards report somewhat less memory than they are sold with, so 95 % of what was asked for suffice.</summary>
    public bool Suits(GpuSlot gpu) =>
        (Indices.Count == 0 || Indices.Contains(gpu.Index))
        && (Type is null || GpuTypeText.Matches(gpu.Card.Model, Type))
        && (MinMemoryMb is not { } least || gpu.Card.MemoryMb * 100 >= least * 95);

    public bool Equals(GpuWish? other) =>
        ReferenceEquals(this, other) || (other is not null && Type == other.Type && MinMemoryMb == other.MinMemoryMb && Indices.SequenceEqual(other.Indices));

    public override int GetHashCode()
    {
        var hash = default(HashCode);
        hash.Add(Type);
        hash.Add(MinMemoryMb);
        foreach (var index in Indices)
        {
            hash.Add(index);
        }

        return hash.ToHashCode();
    }

    public override string ToString() => Words;

    /// <summary>Such GPUs in words, to stand behind their number: <c>" of type a100 with 40G or more"</c>; empty for any.</summary>
    public string Words =>
        (Type is null ? "" : $" of type {Type}")
        + (MinMemoryMb is { } least ? $" with {MemoryText.Format(least)} or more" : "")
        + (Indices.Count == 0 ? "" : $" (GPU {IndexListText.Format(Indices.Select(index => (uint)index))})");
}
