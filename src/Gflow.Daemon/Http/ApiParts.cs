using Gflow.Core.Access;
using Gflow.Daemon.Audit;
using Gflow.Daemon.Engine;
using Gflow.Daemon.Notifications;
using Gflow.Daemon.Storage;

namespace Gflow.Daemon.Http;

/// <summary>What the routes stand on.</summary>
/// <param name="Access">The rules that hold now.</param>
internal sealed record ApiParts(
    JobEngine Engine,
    JobRequests Requests,
    ReservationRequests Reservations,
    Database Database,
    TimeProvider Time,
    DaemonFacts Facts,
    Func<AccessPolicy> Access,
    AuditLog Audit,
    NotificationsModule Notifications);

/// <summary>What does not change while a daemon runs.</summary>
/// <param name="Owner">Whose daemon it is.</param>
/// <param name="Paths">Where database and logs are.</param>
/// <param name="Socket">Path of the Unix socket.</param>
/// <param name="Shared">Whether it is the machine's, for all its users, and not its owner's alone.</param>
internal sealed record DaemonFacts(string Version, Caller Owner, DataPaths Paths, string Socket, bool Shared);
