using System.Globalization;
using Gflow.Core;

namespace Gflow.Daemon.Http;

/// <summary>Reads the values of a query.</summary>
internal static class QueryText
{
    /// <summary>A whole number of a query, zero or more; null when it is not there or not right.</summary>
    public static long? Number(IQueryCollection query, string key, long largest, List<Problem> problems)
    {
        var text = query[key].ToString();
        if (text.Length == 0)
        {
            return null;
        }

        if (long.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number <= largest)
        {
            return number;
        }

        problems.Add(new(ProblemCode.BadQuery, $"{key} '{text}' must be a whole number from 0 to {largest}", key));
        return null;
    }

    /// <summary>A yes or no of a query; no when it is not there.</summary>
    public static Result<bool> Flag(IQueryCollection query, string key)
    {
        var text = query[key].ToString();
        return text.Length == 0 ? false
            : bool.TryParse(text, out var flag) ? flag
            : new Problem(ProblemCode.BadQuery, $"{key} '{text}' must be true or false", key);
    }

    /// <returns>The items of a comma list; null when the query has none.</returns>
    public static string[]? Items(IQueryCollection query, string key)
    {
        var items = query[key].ToString().Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        return items.Length == 0 ? null : items;
    }
}
