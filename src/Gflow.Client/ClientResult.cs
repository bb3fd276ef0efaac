using System.Diagnostics.CodeAnalysis;

namespace Gflow.Client;

/// <summary>What the daemon answered, or why there is no answer; never both.</summary>
public readonly struct ClientResult<T>
{
    private readonly T? _value;

    private ClientResult(T? value, ClientFailure? failure)
    {
        _value = value;
        Failure = failure;
    }

    [MemberNotNullWhen(false, nameof(Failure))]
    public bool Ok => Failure is null;

    public ClientFailure? Failure { get; }

    /// <exception cref="InvalidOperationException">There is a failure instead.</exception>
    public T Value => Ok ? _value! : throw new InvalidOperationException(Failure.Message);

    public static implicit operator ClientResult<T>(T value) => new(value, null);

    public static implicit operator ClientResult<T>(ClientFailure failure) => new(default, failure);

    /// <summary>For types that no implicit conversion takes (interfaces).</summary>
    public static ClientResult<T> From(T value) => new(value, null);
}
