using System.Text;
using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Http;
using Gflow.Daemon.Platform;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Jobs;

/// <summary>The output of jobs: where it is, its end, and its growth.</summary>
internal sealed class JobLogEndpoints(JobEngine engine, JobLookup jobs, DataPaths paths, Func<AccessPolicy> access, TimeProvider time)
{
    private const int UsualLines = 1000;
    private const int MostLines = 20_000;
    private const int UsualBytes = 256 << 10;
    private const int MostBytes = 4 << 20;
    private const int PieceSize = 64 << 10;

    // Output is written by other processes, and a look at a file's length is cheaper than a watch on it that can be lost.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.Read("/jobs/{id}/log", Place);
        routes.ReadAsync("/jobs/{id}/log/content", ContentAsync);
        routes.MapGet("/jobs/{id}/log/follow", FollowAsync);
    }

    private Result<Answer> Place(HttpContext context) => ExistingLog(context).Map(log => Answer.Of(log.Path, WireJson.Default.String));

    private async Task<Result<Answer>> ContentAsync(HttpContext context)
    {
        var problems = new List<Problem>();
        var lines = QueryText.Number(context.Request.Query, "tail", long.MaxValue, problems) ?? UsualLines;
        var bytes = QueryText.Number(context.Request.Query, "max_bytes", long.MaxValue, problems) ?? UsualBytes;
        var log = ExistingLog(context);
        if (!log.Ok || problems.Count > 0)
        {
            return log.Ok ? problems : log.Problems.ToList();
        }

        try
        {
            using var file = Open(log.Value.Path);
            var size = file.Length;
            var tail = await TailAsync(file, (int)Math.Clamp(lines, 1, MostLines), (int)Math.Clamp(bytes, 1, MostBytes), context.RequestAborted);
            return Answer.Of(
                new LogContent(log.Value.Id.Value, log.Value.Path, size, tail.Length < size, Encoding.UTF8.GetString(tail.Span)), WireJson.Default.LogContent);
        }
        catch (UnauthorizedAccessException)
        {
            return Closed();
        }
    }

    private async Task FollowAsync(HttpContext context)
    {
        var problems = new List<Problem>();
        var from = QueryText.Number(context.Request.Query, "from", long.MaxValue, problems) ?? 0;
        var job = Readable(context);
        if (!job.Ok || problems.Count > 0)
        {
            await ProblemMapping.WriteAsync(context, job.Ok ? problems : job.Problems);
            return;
        }

        var path = paths.LogOf(job.Value.Id);
        if (job.Value.State.IsFinal() && !File.Exists(path))
        {
            await ProblemMapping.WriteAsync(context, NoLog(job.Value));
            return;
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.Headers.CacheControl = "no-cache";
        using var open = StreamWait.Open(context);
        try
        {
            // A job that waits may have no output for days; the reader should know at once that he is heard.
            await context.Response.Body.FlushAsync(open.Token);
            await SendGrowthAsync(context, job.Value.Id, path, from, open.Token);
        }
        catch (UnauthorizedAccessException)
        {
            context.Abort();
        }
        catch (OperationCanceledException) when (context.RequestAborted.IsCancellationRequested)
        {
            // The reader has had enough.
        }
        catch (OperationCanceledException) when (open.IsCancellationRequested)
        {
            // The daemon stops and the job goes on: an answer that just ended would look like the job's end.
            context.Abort();
        }
    }

    private async Task SendGrowthAsync(HttpContext context, JobId id, string path, long from, CancellationToken ct)
    {
        var (piece, place) = (new byte[PieceSize], CallerLimits.Place.Of(context));
        FileStream? file = null;
        try
        {
            while (true)
            {
                var seen = engine.Commits.LastEventSeq;
                bool isOver;
                var count = 0;
                using (await place.TakeAsync(ct))
                {
                    // Asked before the last look at the file, so that nothing written before the end is missed.
                    isOver = jobs.Find(id) is not { } job || job.State.IsFinal();
                    file ??= File.Exists(path) ? Open(path) : null;
                    if (file is not null)
                    {
                        // A log that outgrew its limit is cut and begins anew.
                        file.Position = from = file.Length < from ? 0 : from;
                        count = await file.ReadAsync(piece, ct);
                    }
                }

                if (count > 0)
                {
                    // A reader who takes his time has no place meanwhile.
                    await context.Response.Body.WriteAsync(piece.AsMemory(0, count), ct);
                    from += count;
                }
                else if (isOver)
                {
                    return;
                }
                else
                {
                    await StreamWait.CommitAsync(engine.Commits, seen, LookAgain, time, ct);
                }
            }
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <returns>The last bytes of a file, at most so many, beginning with a line where one of at most so many begins there.</returns>
    private static async Task<ReadOnlyMemory<byte>> TailAsync(FileStream file, int lines, int bytes, CancellationToken ct)
    {
        var buffer = new byte[Math.Min(file.Length, bytes)];
        file.Seek(-buffer.Length, SeekOrigin.End);
        var read = await file.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, ct);
        var tail = buffer.AsMemory(0, read);
        var start = tail.Length > 0 && tail.Span[^1] == '\n' ? tail.Length - 1 : tail.Length;
        for (var i = 0; i < lines; i++)
        {
            start = tail.Span[..start].LastIndexOf((byte)'\n');
            if (start < 0)
            {
                return tail;
            }
        }

        return tail[(start + 1)..];
    }

    /// <summary>The job that the path names, where the caller may read its log.</summary>
    private Result<Job> Readable(HttpContext context)
    {
        var job = jobs.Named(context);
        return job.Ok && access().ToReadLog(Access.ActorOf(context), job.Value) is { } refusal ? refusal : job;
    }

    private Result<Log> ExistingLog(HttpContext context) => Readable(context).Then<Log>(job =>
    {
        var path = paths.LogOf(job.Id);
        return File.Exists(path) ? new Log(job.Id, path) : NoLog(job);
    });

    /// <summary>Of logs that a shared daemon's user may not read, because their owners have closed them.</summary>
    private static Problem Closed() => new(ProblemCode.Forbidden, "The log's owner has taken it from the daemon; read the file itself");

    private static Problem NoLog(Job job) => new(ProblemCode.NotFound, job.Status.Started is null && job.State != JobState.Running
        ? $"Job {job.Id} has no log: it {(job.State.IsFinal() ? "never" : "has not")} started"
        : $"Job {job.Id} has no log");

    // Never the lock that .NET would otherwise take: the launcher goes on writing.
    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, useAsync: true);

    private sealed record Log(JobId Id, string Path);
}
