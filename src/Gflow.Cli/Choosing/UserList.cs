namespace Gflow.Cli.Choosing;

/// <summary>Whose jobs are meant.</summary>
internal static class UserList
{
    /// <param name="text">A comma list; null for what was not given.</param>
    /// <returns>The users it names; oneself when it names none; none, for everybody, when it says <c>all</c> or <c>*</c>.</returns>
    internal static IReadOnlyList<string> Read(Invocation invocation, string? text) => (text ?? "") switch
    {
        "all" or "*" => [],
        var list when list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } users => users,
        _ => [invocation.Context.User()],
    };
}
