using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Scheduling;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Gpus;

/// <summary>The routes by which administrators say what of the machine's GPUs jobs may have.</summary>
internal sealed class GpuEndpoints(JobEngine engine)
{
    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Change(HttpMethod.Post, "/gpus", AllowAsync);
        routes.Read("/gpu-processes", Ignored);
        routes.Change(HttpMethod.Post, "/gpu-processes/ignore", context => OnProcessAsync(context, isIgnored: true));
        routes.Change(HttpMethod.Post, "/gpu-processes/unignore", context => OnProcessAsync(context, isIgnored: false));
    }

    private async Task<Result<Answer>> AllowAsync(HttpContext context)
    {
        var wish = await RequestBody.ReadAsync(context, WireJson.Default.GpuAllowance);
        if (!wish.Ok)
        {
            return wish.Problems.ToList();
        }

        if (wish.Value is { AllowedIndices: not null, FollowConfiguration: true })
        {
            return new Problem(ProblemCode.Invalid, "'allowed_indices' and 'follow_configuration' exclude each other: leave one out.", "allowed_indices");
        }

        Turn<IReadOnlyList<int>?> turn = (batch, by) => wish.Value.FollowConfiguration == true
            ? batch.Gpus.FollowConfiguration(by).Map(_ => batch.Board.AllowedGpus)
            : batch.Gpus.Restrict(wish.Value.AllowedIndices, batch.Before.Limits.Configured, by);
        return await Mutation.AskAsync(context, engine, turn, (_, allowed) => Answer.Of(new AllowedGpus(allowed), WireJson.Default.AllowedGpus));
    }

    private Result<Answer> Ignored(HttpContext context) => Answer.Of(GpuMapping.Ignored(engine.Current.Board), WireJson.Default.ListIgnoredGpuProcess);

    private async Task<Result<Answer>> OnProcessAsync(HttpContext context, bool isIgnored)
    {
        var named = (await RequestBody.ReadAsync(context, WireJson.Default.GpuProcessName)).Then<(int Gpu, int Pid)>(Named);
        if (!named.Ok)
        {
            return named.Problems.ToList();
        }

        var (gpu, pid) = named.Value;
        Turn<bool> turn = (batch, by) => isIgnored ? batch.Gpus.Ignore(gpu, pid, by) : batch.Gpus.Mind(gpu, pid, by);
        return await Mutation.AskAsync(context, engine, turn, (batch, was) => Answer.Of(
            new GpuProcessAnswer(gpu, pid, isIgnored ? !was : null, isIgnored ? null : true, IsFree(batch.Board, gpu)), WireJson.Default.GpuProcessAnswer));
    }

    private static bool? IsFree(Board board, int index) => board.Gpus.Find(index) is { } gpu ? board.IsFree(gpu) : null;

    private static Result<(int Gpu, int Pid)> Named(GpuProcessName name)
    {
        List<Problem> problems = [];
        if (name.GpuIndex is not (>= 0 and <= int.MaxValue))
        {
            problems.Add(new Problem(ProblemCode.Invalid, "'gpu_index' must be the index of a GPU, such as 0.", "gpu_index"));
        }

        if (name.Pid is not (> 0 and <= int.MaxValue))
        {
            problems.Add(new Problem(ProblemCode.Invalid, "'pid' must be the number of a process, such as 4411.", "pid"));
        }

        return problems.Count > 0 ? problems : ((int)name.GpuIndex!.Value, (int)name.Pid!.Value);
    }
}
