using Gflow.Core;
using Gflow.Daemon.Storage;
using Microsoft.Data.Sqlite;

namespace Gflow.Daemon.Engine;

/// <summary>Whether commits succeed: what fails for want of room is tried again, what fails otherwise is the end of writing until a restart, as is another daemon.</summary>
internal sealed partial class StoreState(Database database, ILogger<StoreState> log)
{
    private volatile Problem? _problem;

    /// <summary>Why nothing can be stored; null when all is well.</summary>
    public Problem? Problem => _problem;

    /// <summary>Whether nothing may be written any more.</summary>
    public bool HasFailed { get; private set; }

    /// <summary>A commit succeeded.</summary>
    public void Worked()
    {
        if (_problem is not null)
        {
            _problem = null;
            LogWorks(log);
        }
    }

    /// <summary>A commit, or moving commits into the file, failed.</summary>
    public void Failed(SqliteException error)
    {
        var said = error.Message.TrimEnd('.');
        if (StoreFault.IsFatal(error))
        {
            HasFailed = true;
            database.GiveUp();
            _problem = new Problem(
                ProblemCode.StoreFailed,
                $"The disk failed while the database {database.Path} was written ({said}): nothing more is stored or started until a restart has looked through it. "
                    + "What was asked when it failed may have been stored. Running jobs go on. Free or fix the disk, then run: gflowd restart");
            LogFailed(log, database.Path, said);
        }
        else
        {
            if (_problem is null)
            {
                LogUnavailable(log, said);
            }

            _problem = new Problem(ProblemCode.StoreUnavailable, $"The database cannot be written now ({said}); nothing was changed. Free space on its disk and try again.");
        }
    }

    /// <summary>The launcher serves this daemon no more, as when another is in its place: what this one would write is that one's to write.</summary>
    public void Superseded(string reason)
    {
        HasFailed = true;
        database.GiveUp();
        _problem = new Problem(ProblemCode.Superseded, $"This gflowd has lost its jobs, as when another with the same data directory has taken them over ({reason}): it starts, stores and changes nothing any more. Stop it: gflowd stop");
        LogSuperseded(log, reason);
    }

    [LoggerMessage(Level = LogLevel.Critical, Message = "This gflowd has lost its jobs, as when another has taken them over: {Reason}. It starts, stores and changes nothing any more. Stop it: gflowd stop")]
    private static partial void LogSuperseded(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Critical, Message = "The disk failed while the database {Path} was written: {Reason}. Nothing more is stored or started; running jobs go on. Fix the disk, then run: gflowd restart")]
    private static partial void LogFailed(ILogger log, string path, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The database cannot be written: {Reason}. Requests are refused until it can.")]
    private static partial void LogUnavailable(ILogger log, string reason);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The database can be written again.")]
    private static partial void LogWorks(ILogger log);
}
