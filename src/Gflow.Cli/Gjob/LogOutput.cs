using Gflow.Client;
using Gflow.Core;
using Gflow.Core.Jobs;

namespace Gflow.Cli.Gjob;

/// <summary>Copies parts of one job's log. The daemon streams from any byte on, and hanging up ends it.</summary>
/// <param name="raw">Whether lines are those of bytes, and not those that people see.</param>
internal sealed class LogOutput(GflowClient client, JobId id, Stream output, bool raw, TimeProvider time)
{
    private const int FirstLookBack = 64 * 1024;

    private static readonly TimeSpan ReconnectFor = TimeSpan.FromSeconds(60);
    private static readonly TimeSpan Pause = TimeSpan.FromMilliseconds(250);

    private readonly byte[] _buffer = new byte[64 * 1024];

    /// <summary>Everything from a byte on, as it comes, until the job has ended; goes on where it was when the daemon restarts.</summary>
    internal async Task FollowAsync(long from, CancellationToken cancel)
    {
        var position = from;
        while (!await FollowOnceAsync())
        {
            var gone = time.GetTimestamp();
            while (await client.HealthAsync(cancel) is { Failure: not null and not ClientFailure.Refused } health)
            {
                if (time.GetElapsedTime(gone) >= ReconnectFor)
                {
                    throw CommandFailedException.From(health.Failure);
                }

                await Task.Delay(Pause, time, cancel);
            }
        }

        async Task<bool> FollowOnceAsync()
        {
            using var log = await OpenAsync(position, cancel);
            while (true)
            {
                int read;
                try
                {
                    read = await log.ReadAsync(_buffer, cancel);
                }
                catch (IOException)
                {
                    return false;
                }

                if (read == 0)
                {
                    return true;
                }

                await output.WriteAsync(_buffer.AsMemory(0, read), cancel);
                await output.FlushAsync(cancel);
                position += read;
            }
        }
    }

    /// <summary>The bytes from one position to another.</summary>
    internal Task WriteAsync(long from, long end, CancellationToken cancel) =>
        EachAsync(from, end, async bytes =>
        {
            await output.WriteAsync(bytes, cancel);
            return true;
        }, cancel);

    /// <summary>The first lines; an unfinished last line counts as one and keeps its missing line feed.</summary>
    internal Task WriteFirstAsync(long lines, long end, CancellationToken cancel)
    {
        var marks = new OutputLines(raw);
        return EachAsync(0, end, async bytes =>
        {
            var taken = 0;
            while (taken < bytes.Length && (!marks.Begins(bytes.Span[taken]) || --lines >= 0))
            {
                taken++;
            }

            await output.WriteAsync(bytes[..taken], cancel);
            return lines >= 0;
        }, cancel);
    }

    /// <summary>Where the last lines of the log's first <paramref name="end"/> bytes begin; looks back ever farther until it has seen enough.</summary>
    internal async Task<long> StartOfLastAsync(long lines, long end, CancellationToken cancel)
    {
        for (long back = FirstLookBack; ; back *= 4)
        {
            var from = Math.Max(0, end - back);
            var marks = new OutputLines(raw);
            Queue<long> starts = new();
            long? first = null;
            var position = from;
            await EachAsync(from, end, bytes =>
            {
                foreach (var next in bytes.Span)
                {
                    if (marks.Begins(next))
                    {
                        first ??= position;
                        starts.Enqueue(position);
                        if (starts.Count > lines)
                        {
                            starts.Dequeue();
                        }
                    }

                    position++;
                }

                return Task.FromResult(true);
            }, cancel);

            // The first start is a line's only at the beginning of the log, or once it was pushed out by later ones.
            if (from == 0 || (starts.TryPeek(out var start) && start != first))
            {
                return starts.TryPeek(out start) ? start : end;
            }
        }
    }

    private async Task EachAsync(long from, long end, Func<ReadOnlyMemory<byte>, Task<bool>> take, CancellationToken cancel)
    {
        if (from >= end)
        {
            return;
        }

        using var log = await OpenAsync(from, cancel);
        var left = end - from;
        while (left > 0)
        {
            var read = await ReadAsync(log, (int)Math.Min(left, _buffer.Length), cancel);
            if (read == 0 || !await take(_buffer.AsMemory(0, read)))
            {
                return;
            }

            left -= read;
        }
    }

    private async Task<Stream> OpenAsync(long from, CancellationToken cancel) =>
        Invocation.Need(await client.FollowLogAsync(id, from, cancel));

    private async Task<int> ReadAsync(Stream log, int most, CancellationToken cancel)
    {
        try
        {
            return await log.ReadAsync(_buffer.AsMemory(0, most), cancel);
        }
        catch (IOException)
        {
            throw new CommandFailedException(
                ExitCodes.Unreachable, [new(ProblemCode.Unreachable, $"the daemon went away in the middle of the log; try again")]);
        }
    }
}
