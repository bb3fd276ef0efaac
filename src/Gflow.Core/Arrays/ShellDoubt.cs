using System.Buffers;

namespace Gflow.Core.Arrays;

/// <summary>A place where no quoting is certain to hold, so that only harmless values may come there.</summary>
/// <param name="Where">Such as "in a comment".</param>
/// <param name="Harmless">What values may consist of.</param>
/// <param name="MayBeEmpty">Whether nothing at all does no harm either.</param>
internal sealed record ShellDoubt(string Where, SearchValues<char> Harmless, bool MayBeEmpty = false)
{
    internal static readonly ShellDoubt HereDocument = new("in a here-document", ShellCharacters.OfDoubtfulPlaces, MayBeEmpty: true);
    internal static readonly ShellDoubt Comment = new("in a comment", ShellCharacters.OfDoubtfulPlaces, MayBeEmpty: true);
    internal static readonly ShellDoubt Backticks = new("in backticks", ShellCharacters.OfDoubtfulPlaces);
    internal static readonly ShellDoubt Expansion = new("in ${...}", ShellCharacters.OfExpansions);
    internal static readonly ShellDoubt Arithmetic = new("in arithmetic", ShellCharacters.OfNumbers);
    internal static readonly ShellDoubt Subscript = new("in a subscript", ShellCharacters.OfNumbers);
    internal static readonly ShellDoubt Test = new("in [[ ]]", ShellCharacters.OfDoubtfulPlaces);
    internal static readonly ShellDoubt AnsiC = new("in $'...'", ShellCharacters.OfDoubtfulPlaces);
    internal static readonly ShellDoubt Code = new("in code that another command runs", ShellCharacters.OfDoubtfulPlaces);
    internal static readonly ShellDoubt Builtin = new("where bash may evaluate it", ShellCharacters.OfDoubtfulPlaces);
    internal static readonly ShellDoubt Variable = new("in a variable that shells evaluate", ShellCharacters.OfDoubtfulPlaces);
    internal static readonly ShellDoubt Unclosed = new("behind a quote or bracket that is never closed", ShellCharacters.OfDoubtfulPlaces);
    internal static readonly ShellDoubt Unclear = new("where it is not clear how the shell reads it", ShellCharacters.OfDoubtfulPlaces);

    internal bool Allows(string value) => value.Length == 0 ? MayBeEmpty : !value.AsSpan().ContainsAnyExcept(Harmless);
}
