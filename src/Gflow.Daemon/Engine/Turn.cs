using Gflow.Core;
using Gflow.Core.Access;

namespace Gflow.Daemon.Engine;

/// <summary>What a request does on the writer's turn: its effect on the batch and what came of it, or why there is none.</summary>
/// <param name="by">Who asked for it.</param>
internal delegate Result<T> Turn<T>(EngineBatch batch, Actor by);
