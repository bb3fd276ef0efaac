using System.Text;
using Gflow.Core;
using Gflow.Core.Contracts;
using Gflow.Core.Jobs;
using Gflow.Daemon.Http;

namespace Gflow.Daemon.Jobs;

/// <summary>The output of jobs: where it is, its end, and its growth.</summary>
internal sealed class JobLogEndpoints(ApiParts parts)
{
    private const int UsualLines = 1000;
    private const int MostLines = 20_000;
    private const int UsualBytes = 256 << 10;
    private const int MostBytes = 4 << 20;
    private const int PieceSize = 64 << 10;

    // Output is written by other processes, and a look at a file's length is cheaper than a watch on it that can be lost.
    private static readonly TimeSpan LookAgain = TimeSpan.FromMilliseconds(100);

    private static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    public void Map(IEndpointRouteBuilder routes)
    {
        var guard = new JobGuard(parts);
        routes.MapMethods("/jobs/{id}/log", Reading, guard.ReadingLog(PathAsync));
        routes.MapMethods("/jobs/{id}/log/content", Reading, guard.ReadingLog(context => ReadAsync(context, ContentAsync)));
        routes.MapGet("/jobs/{id}/log/follow", guard.ReadingLog(context => ReadAsync(context, FollowAsync)));
    }

    /// <summary>Answers for logs that a shared daemon's user may not read, because their owners have closed them.</summary>
    private static async Task ReadAsync(HttpContext context, RequestDelegate read)
    {
        try
        {
            await read(context);
        }
        catch (UnauthorizedAccessException) when (!context.Response.HasStarted)
        {
            await ProblemMapping.WriteAsync(context, [new Problem("forbidden", "The log's owner has taken it from the daemon; read the file itself")]);
        }
        catch (UnauthorizedAccessException)
        {
            context.Abort();
        }
    }

    private Task PathAsync(HttpContext context)
    {
        var path = ExistingLog(context);
        return path.Ok
            ? ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, path.Value.Path, WireJson.Default.String)
            : ProblemMapping.WriteAsync(context, path.Problems);
    }

    private async Task ContentAsync(HttpContext context)
    {
        var problems = new List<Problem>();
        var lines = JobRequest.Number(context.Request.Query, "tail", long.MaxValue, problems) ?? UsualLines;
        var bytes = JobRequest.Number(context.Request.Query, "max_bytes", long.MaxValue, problems) ?? UsualBytes;
        var log = problems.Count == 0 ? ExistingLog(context) : problems;
        if (!log.Ok)
        {
            await ProblemMapping.WriteAsync(context, log.Problems);
            return;
        }

        using var file = Open(log.Value.Path);
        var size = file.Length;
        var tail = await TailAsync(file, (int)Math.Clamp(lines, 1, MostLines), (int)Math.Clamp(bytes, 1, MostBytes), context.RequestAborted)
            ;
        var answer = new LogContent(log.Value.Id.Value, log.Value.Path, size, tail.Length < size, Encoding.UTF8.GetString(tail.Span));
        await ProblemMapping.JsonAsync(context, StatusCodes.Status200OK, answer, WireJson.Default.LogContent);
    }

    private async Task FollowAsync(HttpContext context)
    {
        var problems = new List<Problem>();
        var from = JobRequest.Number(context.Request.Query, "from", long.MaxValue, problems) ?? 0;
        var job = problems.Count == 0 ? ExistingJob(context) : problems;
        if (!job.Ok)
        {
            await ProblemMapping.WriteAsync(context, job.Problems);
            return;
        }

        var path = parts.Facts.Paths.LogOf(job.Value.Id);
        if (job.Value.State.IsFinal() && !File.Exists(path))
        {
            await ProblemMapping.WriteAsync(context, [NoLog(job.Value)]);
            return;
        }

        context.Response.ContentType = "application/octet-stream";
        context.Response.Headers.CacheControl = "no-cache";
        using var open = StreamWait.Open(context);
        try
        {
            // A job that waits may have no output for days; the reader should know at once that he is heard.
            await context.Response.Body.FlushAsync(open.Token);
            await SendGrowthAsync(context.Response.Body, job.Value.Id, path, from, open.Token);
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

    private async Task SendGrowthAsync(Stream body, JobId id, string path, long from, CancellationToken ct)
    {
        var piece = new byte[PieceSize];
        FileStream? file = null;
        try
        {
            while (true)
            {
                var seen = parts.Engine.Commits.LastEventSeq;
                // Asked before the last look at the file, so that nothing written before the end is missed.
                var over = JobLookup.Find(parts, id) is not { } job || job.State.IsFinal();
                file ??= File.Exists(path) ? Open(path) : null;
                if (file is not null)
                {
                    from = await CopyAsync(file, from, body, piece, ct);
                }

                if (over)
                {
                    return;
                }

                await StreamWait.CommitAsync(parts.Engine.Commits, seen, LookAgain, parts.Time, ct);
            }
        }
        finally
        {
            file?.Dispose();
        }
    }

    /// <returns>How far the reader has come.</returns>
    private static async Task<long> CopyAsync(FileStream file, long from, Stream body, byte[] piece, CancellationToken ct)
    {
        // A log that outgrew its limit is cut and begins anew.
        var position = file.Length < from ? 0 : from;
        file.Position = position;
        while (await file.ReadAsync(piece, ct) is var count and > 0)
        {
            await body.WriteAsync(piece.AsMemory(0, count), ct);
            position += count;
        }

        await body.FlushAsync(ct);
        return position;
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

    private Result<Job> ExistingJob(HttpContext context)
    {
        var id = JobRequest.Id(context);
        if (!id.Ok)
        {
            return Result<Job>.Fail([.. id.Problems]);
        }

        return JobLookup.Find(parts, id.Value) is { } job ? job : JobLookup.NotFound(id.Value);
    }

    private Result<Log> ExistingLog(HttpContext context)
    {
        var job = ExistingJob(context);
        if (!job.Ok)
        {
            return Result<Log>.Fail([.. job.Problems]);
        }

        var path = parts.Facts.Paths.LogOf(job.Value.Id);
        return File.Exists(path) ? new Log(job.Value.Id, path) : NoLog(job.Value);
    }

    private static Problem NoLog(Job job) => new("not_found", job.Status.Started is null && job.State != JobState.Running
        ? $"Job {job.Id} has no log: it {(job.State.IsFinal() ? "never" : "has not")} started"
        : $"Job {job.Id} has no log");

    // Never the lock that .NET would otherwise take: the launcher goes on writing.
    private static FileStream Open(string path) => new(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, 1, useAsync: true);

    private sealed record Log(JobId Id, string Path);
}
