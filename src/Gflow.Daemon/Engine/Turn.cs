using Gflow.Core;

namespace Gflow.Daemon.Engine;

/// <summary>What a request does on the writer's turn: its effect on the batch and what came of it, or why there is none.</summary>
internal delegate Result<T> Turn<T>(EngineBatch batch);
