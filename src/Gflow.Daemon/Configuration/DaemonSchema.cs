using Gflow.Client.Configuration;
using Gflow.Core.Submission;
using Gflow.Daemon.Notifications;

namespace Gflow.Daemon.Configuration;

/// <summary>Every key there is.</summary>
internal static class DaemonSchema
{
    private static readonly IReadOnlyList<ConfigKey> Limits =
    [
        new("max_running_jobs", ConfigKind.Number) { Later = true },
        new("max_running_gpus", ConfigKind.Number) { Later = true },
        new("max_queued_jobs", ConfigKind.Number),
    ];

    private static readonly ConfigKey Executor = new("executor", ConfigKind.Table)
    {
        Children =
        [
            new("type", ConfigKind.Text) { Form = "\"process\"" },
            new("hide_gpus", ConfigKind.Flag),
            new("gpu_ids", ConfigKind.Text) { Form = "\"index\" or \"uuid\"" },
            new("python_unbuffered", ConfigKind.Flag),
            new("kill_grace_secs", ConfigKind.Number) { Maximum = 3600 },
            new("launcher_socket", ConfigKind.Text) { Form = "an absolute path of at most 107 bytes" },
        ],
    };

    private static readonly ConfigKey Access = new("access", ConfigKind.Table)
    {
        Children =
        [
            new("admins", ConfigKind.TextList) { Form = "a list of login names and, with @, of groups, such as [\"alice\", \"@gpuadmins\"]" },
            new("share_commands", ConfigKind.Flag),
            new("share_logs", ConfigKind.Flag),
            new("root_jobs", ConfigKind.Flag),
            new("system_users", ConfigKind.Flag),
        ],
    };

    private static readonly ConfigKey OfOneUser = new("limits", ConfigKind.Table)
    {
        Children =
        [
            new("connections", ConfigKind.Number) { Minimum = 4, Maximum = 4096 },
            new("requests_per_second", ConfigKind.Number) { Maximum = 1_000_000 },
            new("requests_at_once", ConfigKind.Number) { Maximum = 4096 },
            new("body_mb", ConfigKind.Number) { Minimum = 1, Maximum = 64 },
            new("environment_kb", ConfigKind.Number) { Minimum = 1, Maximum = SubmissionRules.MaxEnvironmentBytes >> 10 },
        ],
    };

    private static readonly ConfigKey Projects = new("projects", ConfigKind.Table)
    {
        Children = [new("known_projects", ConfigKind.TextList), new("require_project", ConfigKind.Flag)],
    };

    private static readonly ConfigKey Quota = new("quota", ConfigKind.Table)
    {
        Children =
        [
            new("default_user", ConfigKind.Table) { Children = Limits },
            new("default_project", ConfigKind.Table) { Children = Limits },
            new("users", ConfigKind.TableMap) { Children = Limits, Form = "a table for each user, [quota.users.NAME]" },
            new("projects", ConfigKind.TableMap) { Children = Limits, Form = "a table for each project, [quota.projects.NAME]" },
        ],
    };

    public static readonly NotificationValidator Notifications = new(NotificationsModule.Kinds);

    public static readonly ConfigKey Root = ConfigSchema.Root with { Children = [ConfigSchema.Timezone, ConfigSchema.Daemon, Executor, Access, OfOneUser, Projects, Quota, ConfigSchema.Storage, Notifications.Key] };
}
