using Gflow.Core.Events;

namespace Gflow.EndToEnd.History;

/// <summary>What a client can ask for.</summary>
internal enum Request
{
    Submit,
    Redo,
    Hold,
    Release,
    Update,
    Cancel,
    Show,
    List,
}

/// <summary>One request and its answer, as the client saw them.</summary>
/// <param name="Operation">What the client wanted; sent again under the same key, it is the same operation.</param>
/// <param name="Job">The job it is about; 0 for submissions and lists.</param>
/// <param name="Jobs">How many jobs it is to make.</param>
/// <param name="Begun">When it was sent, in ticks of the monotonic clock.</param>
/// <param name="Answered">When the answer was there, or the connection broke.</param>
/// <param name="Status">Of HTTP; 0 when nothing was answered.</param>
/// <param name="Ids">The jobs it made, as answered.</param>
/// <param name="Answer">Hash of the answer's body.</param>
internal readonly record struct Call(int Operation, Request Request, uint Job, int Jobs, long Begun, long Answered, int Status, uint[] Ids, long Answer)
{
    public bool Done => Status is >= 200 and < 300;

    public bool Broken => Status == 0;
}

/// <summary>One event of the stream.</summary>
/// <param name="Job">0 when it is about none.</param>
internal readonly record struct Told(long Seq, uint Job, EventType Event);

/// <summary>One message as it came to a target.</summary>
/// <param name="Id">Hash of what receivers tell repeats by.</param>
/// <param name="Seq">The event's place in the history; 0 where the message does not say it.</param>
/// <param name="Bytes">Hash of all of it.</param>
/// <param name="Taken">Whether the target said yes to it.</param>
internal readonly record struct Delivery(long Id, long Seq, long Bytes, bool Taken);

/// <summary>A job as it is listed when all is quiet.</summary>
/// <param name="Operation">That made it, by its name.</param>
internal readonly record struct LastState(uint Job, int Operation, string State);

/// <summary>All that was seen of a daemon from outside. A million operations are some hundred megabytes.</summary>
internal sealed record Chronicle
{
    public List<Call> Calls { get; init; } = [];

    /// <summary>What each reader of the stream got, from the first event on.</summary>
    public Dictionary<string, List<Told>> Readers { get; init; } = [];

    /// <summary>What came to targets that were configured all the time.</summary>
    public Dictionary<string, List<Delivery>> Targets { get; init; } = [];

    /// <summary>Events of which targets are told; those that are not here are told of all.</summary>
    public Dictionary<string, EventType[]> Wanted { get; init; } = [];

    /// <summary>What came to targets that were configured now and then, so that nobody can say what they missed.</summary>
    public Dictionary<string, List<Delivery>> Sometimes { get; init; } = [];

    /// <summary>The stream from its beginning, read when all was quiet.</summary>
    public List<Told> Stream { get; init; } = [];

    public List<LastState> Jobs { get; init; } = [];
}
