using System.Buffers;

namespace Gflow.Core.Arrays;

/// <summary>What means nothing to a shell, by where it stands.</summary>
internal static class ShellCharacters
{
    /// <summary>Variables and functions are called so.</summary>
    internal static readonly SearchValues<char> OfNames = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_");

    /// <summary>Within a word.</summary>
    internal static readonly SearchValues<char> OfWords = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:,+@%=-");

    /// <summary>Nearly everywhere.</summary>
    internal static readonly SearchValues<char> OfDoubtfulPlaces = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:,+@%-");

    /// <summary>Where <c>@</c> asks for a transformation.</summary>
    internal static readonly SearchValues<char> OfExpansions = SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./:,+%-");

    /// <summary>Where a name is looked up, and evaluated in its turn.</summary>
    internal static readonly SearchValues<char> OfNumbers = SearchValues.Create("0123456789.+-");
}
