namespace Gflow.Cli.Choosing;

/// <summary>Whose jobs are meant.</summary>
internal static class UserList
{
    /// <returns>The users that the option names; oneself when it is not given; none, for everybody, when it says <c>all</c> or <c>*</c>.</returns>
    internal static IReadOnlyList<string> Read(Invocation invocation, string option) => (invocation.Text(option) ?? "") switch
    {
        "all" or "*" => [],
        var text when text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries) is { Length: > 0 } users => users,
        _ => [invocation.Context.User()],
    };
}
