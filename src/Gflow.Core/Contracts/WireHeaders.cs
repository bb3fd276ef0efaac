namespace Gflow.Core.Contracts;

/// <summary>Headers of the API that are its own.</summary>
public static class WireHeaders
{
    /// <summary>The name of a request that changes something: sent again under it, it has no second effect.</summary>
    public const string IdempotencyKey = "Idempotency-Key";
}
