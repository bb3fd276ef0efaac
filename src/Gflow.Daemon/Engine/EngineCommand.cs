using Gflow.Core;
using Gflow.Core.Access;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>Something the writer is to do. Its caller is answered only after the commit that holds its effect.</summary>
internal abstract class EngineCommand
{
    /// <summary>Whether it must be done sooner or later, because it tells of something that has happened.</summary>
    public virtual bool MustHappen => false;

    /// <summary>Whether nobody minds if its commit waits a moment for what usually follows.</summary>
    public virtual bool CanWait => false;

    /// <summary>Who asked for it; null when nobody did.</summary>
    public virtual uint? User => null;

    /// <summary>How long it takes, about, beside one that concerns a single job.</summary>
    public virtual int Work => 1;

    /// <summary>Does it, on the writer's turn.</summary>
    public abstract void Apply(EngineBatch batch);

    /// <summary>The batch is on disk.</summary>
    public virtual void Committed()
    {
    }

    /// <summary>The batch could not be written.</summary>
    public virtual void Failed(Problem problem)
    {
    }

    /// <summary>Doing it met a bug; nothing of it was done.</summary>
    public virtual void Broke(Exception bug)
    {
    }

    /// <summary>A request that meets a bug goes without effect, and takes nobody else's with it. What has happened cannot be left out.</summary>
    /// <param name="commands">Those that broke are taken out.</param>
    /// <param name="begin">Makes a batch without effects.</param>
    public static EngineBatch ApplyAll(List<EngineCommand> commands, Func<EngineBatch> begin)
    {
        while (true)
        {
            var batch = begin();
            if (commands.Find(command => !IsApplied(command, batch)) is not { } broken)
            {
                return batch;
            }

            commands.Remove(broken);
        }
    }

    private static bool IsApplied(EngineCommand command, EngineBatch batch)
    {
        try
        {
            command.Apply(batch);
            return true;
        }
#pragma warning disable CA1031 // Whatever it is, its caller is told.
        catch (Exception bug) when (!command.MustHappen && bug is not SqliteException)
#pragma warning restore CA1031
        {
            command.Broke(bug);
            return false;
        }
    }
}

/// <summary>A request somebody waits for.</summary>
internal sealed class EngineRequest<T>(Turn<T> turn, Actor by, int work) : EngineCommand
{
    private readonly TaskCompletionSource<Result<T>> _answer = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private Result<T> _result;

    public Task<Result<T>> Answer => _answer.Task;

    public override uint? User => by.Uid;

    public override int Work => work;

    public override void Apply(EngineBatch batch) => _result = turn(batch, by);

    public override void Committed() => _answer.TrySetResult(_result);

    public override void Failed(Problem problem) => _answer.TrySetResult(problem);

    public override void Broke(Exception bug) => _answer.TrySetException(bug);
}

/// <summary>News from outside: a process that started or ended, an outcome of a delivery. It has happened, so it is tried until it is stored.</summary>
internal sealed class EngineNews(Action<EngineBatch> apply, Action? committed = null, bool canWait = false) : EngineCommand
{
    public override bool MustHappen => true;

    public override bool CanWait => canWait;

    public override void Apply(EngineBatch batch) => apply(batch);

    public override void Committed() => committed?.Invoke();
}

/// <summary>What was seen of the machine. Of one that cannot be stored what needs no disk holds all the same, and the next overtakes the rest.</summary>
internal sealed class EngineReading(Action<EngineBatch> apply) : EngineCommand
{
    private readonly TaskCompletionSource _done = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completes when it was taken in, as far as it can be; faulted when it met a bug.</summary>
    public Task Done => _done.Task;

    public override void Apply(EngineBatch batch) => apply(batch);

    public override void Committed() => _done.TrySetResult();

    public override void Failed(Problem problem) => _done.TrySetResult();

    public override void Broke(Exception bug) => _done.TrySetException(bug);
}

/// <summary>Requests that changed nothing, for the audit log.</summary>
internal sealed class EngineRecords(IReadOnlyList<AuditRow> requests) : EngineCommand
{
    private readonly TaskCompletionSource<bool> _stored = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Whether they are on disk; false when they are lost.</summary>
    public Task<bool> Stored => _stored.Task;

    public override bool CanWait => true;

    public override void Apply(EngineBatch batch)
    {
        foreach (var request in requests)
        {
            batch.Record(request);
        }
    }

    public override void Committed() => _stored.TrySetResult(true);

    public override void Failed(Problem problem) => _stored.TrySetResult(false);

    public override void Broke(Exception bug) => _stored.TrySetException(bug);
}

/// <summary>Notes that the daemon is alive. One that cannot be stored is overtaken by the next.</summary>
internal sealed class EngineHeartbeat : EngineCommand
{
    public override bool CanWait => true;

    public override void Apply(EngineBatch batch) => batch.IsHeartbeat = true;
}

/// <summary>The clock has reached something the plan waits for, or what held starts back has changed; the batch's own pass sees to it.</summary>
internal sealed class EngineWakeup : EngineCommand
{
    public override void Apply(EngineBatch batch)
    {
    }
}
