using Gflow.Client.Configuration;
using Gflow.Client.Platform;
using Gflow.Core.Access;

namespace Gflow.Daemon.Configuration;

/// <summary>An administrator as the configuration names him.</summary>
/// <param name="IsGroup">Whether it is a group, all of whose members are meant.</param>
/// <param name="Key">Where in the configuration, such as <c>access.admins[0]</c>.</param>
internal sealed record NamedAdmin(string Name, bool IsGroup, ConfigOrigin Origin, string Key);

/// <summary>What the machine says of the administrators of a configuration.</summary>
/// <param name="Policy">With the numbers of their groups.</param>
/// <param name="Warnings">Whom it does not know.</param>
internal sealed record FoundAdmins(AccessPolicy Policy, IReadOnlyList<ConfigProblem> Warnings);

/// <summary>
/// Asks the machine for the administrators once, when a configuration is put in force: who is a member of which group is the kernel's
/// word from then on, at each connection, and no name service is asked.
/// </summary>
internal sealed class AdminLookup(Func<string, uint?> groupOf, Func<string, bool> isUser)
{
    public static readonly TimeSpan UsualPatience = TimeSpan.FromSeconds(10);

    public static AdminLookup OfMachine { get; } = new(AccountGroup.Named, name => Account.Named(name) is not null);

    /// <summary>Asks for all of them at once; whoever is not found in time is no administrator.</summary>
    public async Task<FoundAdmins> RunAsync(AccessOptions access, TimeSpan patience)
    {
        var asked = access.Admins.Select(admin => (Admin: admin, Answer: OnThread(() => admin.IsGroup ? groupOf(admin.Name) : isUser(admin.Name) ? 0 : null))).ToList();
        await Task.WhenAny(Task.WhenAll(asked.Select(one => one.Answer)), Task.Delay(patience));
        List<ConfigProblem> warnings = [];
        List<uint> groups = [];
        foreach (var (admin, answer) in asked)
        {
            if (Doubt(admin, answer) is var (message, remedy))
            {
                warnings.Add(new("questionable_value", admin.Origin, admin.Key, $"\"{(admin.IsGroup ? "@" : "")}{admin.Name}\"", message, remedy));
            }
            else if (admin.IsGroup)
            {
                groups.Add(answer.Result!.Value);
            }
        }

        return new FoundAdmins(access.Policy with { AdminGroups = groups }, warnings);
    }

    private static (string Message, string Remedy)? Doubt(NamedAdmin admin, Task<uint?> answer) => (answer.IsCompletedSuccessfully, answer.IsCompletedSuccessfully ? answer.Result : null) switch
    {
        (false, _) when admin.IsGroup => ("the machine's name service does not say which group this is, so its members are no administrators", "reload the daemon when it answers"),
        (false, _) => ("the machine's name service does not say whether there is this user", "see that it answers"),
        (_, null) when admin.IsGroup => ("this machine knows no group of this name, so nobody is meant", "make the group and reload the daemon, or take the name out"),
        (_, null) => ("this machine knows no user of this name, so nobody is meant", "make the user, or take the name out"),
        (_, { } gid) when admin.IsGroup && Nobody.IsGroup(gid) => ($"group {gid} stands for no group, and so does the name", "name another group"),
        _ => null,
    };

    /// <summary>A question that hangs must not hold a thread that others need.</summary>
    private static Task<uint?> OnThread(Func<uint?> ask)
    {
        var answer = new TaskCompletionSource<uint?>(TaskCreationOptions.RunContinuationsAsynchronously);
        new Thread(() => answer.SetResult(ask())) { IsBackground = true, Name = "administrator look-up" }.UnsafeStart();
        return answer.Task;
    }
}
