namespace Gflow.Core.Text;

/// <summary>Finds the name that a misspelled one was probably meant to be.</summary>
public static class NearestText
{
    /// <summary>The known name with the fewest edits (insert, delete, replace, swap of neighbours), case ignored.</summary>
    /// <returns>Null when even the nearest is too different to be a likely slip.</returns>
    public static string? Find(string written, IEnumerable<string> known)
    {
        // Distances are computed for every known name: a name of kilobytes is nobody's slip.
        if (written.Length > 64)
        {
            return null;
        }

        string? best = null;
        var fewest = Math.Max(1, written.Length / 3) + 1;
        foreach (var name in known)
        {
            var edits = Distance(written.ToLowerInvariant(), name.ToLowerInvariant());
            if (edits < fewest)
            {
                (best, fewest) = (name, edits);
            }
        }

        return best;
    }

    private static int Distance(string a, string b)
    {
        var table = new int[a.Length + 1, b.Length + 1];
        for (var i = 0; i <= a.Length; i++)
        {
            for (var j = 0; j <= b.Length; j++)
            {
                table[i, j] = (i, j) switch
                {
                    (0, _) => j,
                    (_, 0) => i,
                    _ => Math.Min(
                        table[i - 1, j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1),
                        1 + Math.Min(table[i - 1, j], table[i, j - 1])),
                };
                if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                {
                    table[i, j] = Math.Min(table[i, j], table[i - 2, j - 2] + 1);
                }
            }
        }

        return table[a.Length, b.Length];
    }
}
