using Gflow.Daemon.Engine;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Http;

/// <summary>What the routes stand on.</summary>
internal sealed record ApiParts(JobEngine Engine, JobRequests Requests, ReservationRequests Reservations, Database Database, TimeProvider Time, DaemonFacts Facts);

/// <summary>What does not change while a daemon runs.</summary>
/// <param name="Owner">Whose daemon it is.</param>
/// <param name="Paths">Where database and logs are.</param>
/// <param name="Socket">Path of the Unix socket.</param>
internal sealed record DaemonFacts(string Version, Caller Owner, DataPaths Paths, string Socket);
