using System.Globalization;
using Gflow.Client.Platform;
using Gflow.Core.Arrays;
using Gflow.Core.Jobs;

namespace Gflow.Daemon.Execution;

/// <summary>What a job finds on the machine.</summary>
/// <param name="VisibleGpus">Its GPUs, by the names that the libraries of their makers know.</param>
/// <param name="HidesGpus">Whether jobs without GPUs see none.</param>
/// <param name="PythonUnbuffered">Whether Python is told not to keep its output back, where the job's environment does not say.</param>
internal sealed record JobSurroundings(IReadOnlyList<string> VisibleGpus, bool HidesGpus, bool PythonUnbuffered);

/// <summary>The environment a job runs in: what was captured at submission, and on top of it what gflow tells every job. Nothing of the daemon's own.</summary>
internal static class JobEnvironment
{
    // What gflow says of each job: one that was submitted from within a job has its own.
    private static readonly string[] Own = ["GFLOW_JOB_", "GFLOW_ARRAY_", "GFLOW_PARAM_"];

    private static readonly string[] GpuVariables = ["CUDA_VISIBLE_DEVICES", "NVIDIA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"];

    // On ROCm the others choose from what this one has left ("GPU isolation techniques" of its documentation).
    private const string FirstOnRocm = "ROCR_VISIBLE_DEVICES";

    /// <param name="captured">The stored <c>KEY=VALUE</c> entries, each closed by a zero byte; null when the submission brought none.</param>
    /// <param name="login">Whose minimal login environment stands in for a captured one; null where there is one.</param>
    public static List<string> Build(Job job, byte[]? captured, Account? login, string logPath, JobSurroundings surroundings)
    {
        var variables = captured is null ? Login(login!) : ProcessEnvironment.Parse(captured);
        foreach (var stale in variables.Keys.Where(key => Own.Any(prefix => key.StartsWith(prefix, StringComparison.Ordinal))).ToList())
        {
            variables.Remove(stale);
        }

        var gpus = string.Join(',', job.Status.AssignedGpus ?? []);
        variables["GFLOW_JOB_ID"] = job.Id.ToString();
        variables["GFLOW_JOB_NAME"] = job.DisplayName;
        variables["GFLOW_JOB_GPUS"] = gpus;
        variables["GFLOW_JOB_LOG"] = logPath;
        variables["GFLOW_JOB_PROJECT"] = job.Spec.Project ?? "";
        variables["GFLOW_JOB_ATTEMPT"] = job.Attempt.ToString();
        variables["GFLOW_SCRIPT"] = job.Spec.Script ?? "";
        AddTask(job, variables);
        variables["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID";
        if (surroundings.PythonUnbuffered)
        {
            _ = variables.TryAdd("PYTHONUNBUFFERED", "1");
        }

        if (gpus.Length > 0 || surroundings.HidesGpus)
        {
            var visible = string.Join(',', surroundings.VisibleGpus);
            foreach (var name in GpuVariables)
            {
                variables[name] = visible;
            }

            if (gpus.Length > 0)
            {
                variables.Remove(FirstOnRocm);
            }
            else
            {
                variables[FirstOnRocm] = "";
            }
        }

        return [.. variables.Select(pair => $"{pair.Key}={pair.Value}")];
    }

    private static void AddTask(Job job, Dictionary<string, string> variables)
    {
        // 0 for a job that is no task, as scripts written for other versions find it.
        variables["GFLOW_ARRAY_TASK_ID"] = (job.TaskId ?? 0).ToString(CultureInfo.InvariantCulture);
        foreach (var (name, value) in job.Frame?.Variables ?? [])
        {
            variables[name] = value;
        }

        foreach (var (name, value) in job.Parameters)
        {
            if (Placeholders.EnvironmentName(name) is { } variable)
            {
                variables[variable] = value;
            }
        }
    }

    private static Dictionary<string, string> Login(Account account) => new(StringComparer.Ordinal)
    {
        ["HOME"] = account.Home,
        ["USER"] = account.Name,
        ["LOGNAME"] = account.Name,
        ["SHELL"] = account.Shell,
        ["PATH"] = account.Uid == 0
            ? "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
            : "/usr/local/bin:/usr/bin:/bin",
        ["LANG"] = "C.UTF-8",
    };
}
