using System.Diagnostics.CodeAnalysis;

namespace Gflow.Core;

/// <summary>A value, or the problems that stood in its way; never both.</summary>
public readonly struct Result<T>
{
    private readonly T? _value;
    private readonly IReadOnlyList<Problem>? _problems;

    private Result(T? value, IReadOnlyList<Problem>? problems)
    {
        _value = value;
        _problems = problems;
    }

    [MemberNotNullWhen(true, nameof(_value))]
    public bool Ok => _problems is null;

    /// <exception cref="InvalidOperationException">There are problems instead.</exception>
    public T Value => Ok ? _value : throw new InvalidOperationException(_problems![0].Message);

    public IReadOnlyList<Problem> Problems => _problems ?? [];

    /// <summary>What follows from the value; without one, the same problems.</summary>
    public Result<TNext> Then<TNext>(Func<T, Result<TNext>> next) => Ok ? next(_value) : new Result<TNext>(default, _problems);

    /// <summary>What is made of the value; without one, the same problems.</summary>
    public Result<TNext> Map<TNext>(Func<T, TNext> make) => Ok ? make(_value) : new Result<TNext>(default, _problems);

    public static implicit operator Result<T>(T value) => new(value, null);

    public static implicit operator Result<T>(Problem problem) => new(default, [problem]);

    public static implicit operator Result<T>(List<Problem> problems) => new(default, problems);

    public static Result<T> From(T value) => new(value, null);

    public static Result<T> Fail(params Problem[] problems) => new(default, problems);
}
