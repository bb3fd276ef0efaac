using System.Text;

namespace Gflow.Core.Text;

/// <summary>Names that are safe everywhere: letters, digits, dash and underscore of any script are kept, every run of other characters becomes one underscore.</summary>
public static class SafeNameText
{
    /// <returns>The safe form, without underscores at its ends; empty when nothing of it can be kept.</returns>
    public static string Of(string requested)
    {
        var safe = new StringBuilder(requested.Length);
        var pending = false;
        foreach (var rune in requested.EnumerateRunes())
        {
            if (Rune.IsLetterOrDigit(rune) || rune.Value is '-' or '_')
            {
                if (pending && safe.Length > 0)
                {
                    safe.Append('_');
                }

                pending = false;
                safe.Append(rune);
            }
            else
            {
                pending = true;
            }
        }

        return safe.ToString().Trim('_');
    }
}
