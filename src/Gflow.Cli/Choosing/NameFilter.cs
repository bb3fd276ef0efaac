using Gflow.Cli.Rendering;
using Gflow.Core.Contracts;

namespace Gflow.Cli.Choosing;

/// <summary>Jobs by what people call them, or by their run names.</summary>
/// <param name="Names">Null for all.</param>
internal sealed record NameFilter(IReadOnlySet<string>? Names)
{
    /// <summary>Each value is a comma list, and as a whole one name that may have commas.</summary>
    internal static NameFilter Of(Invocation invocation, string option) => new(invocation.Has(option)
        ? invocation.Names(option).SelectMany(text => text.Split(',').Append(text)).Select(name => name.Trim()).Where(name => name.Length > 0).ToHashSet()
        : null);

    internal bool Admits(JobView job) => Names is null || Names.Contains(JobText.Name(job)) || Names.Contains(job.RunName);
}
