namespace Gflow.Core.Text;

/// <summary>
/// Plain unsigned decimal numbers. The library's own parsers take signs and blanks and report an overflow like a typing
/// mistake; people deserve to be told which it was.
/// </summary>
internal static class DigitsText
{
    internal enum Outcome
    {
        Read,
        NotDigits,
        TooLarge,
    }

    internal static Outcome Read(ReadOnlySpan<char> text, out long number)
    {
        number = 0;
        if (text.IsEmpty || text.ContainsAnyExceptInRange('0', '9'))
        {
            return Outcome.NotDigits;
        }

        foreach (var digit in text)
        {
            var value = digit - '0';
            if (number > (long.MaxValue - value) / 10)
            {
                return Outcome.TooLarge;
            }

            number = (number * 10) + value;
        }

        return Outcome.Read;
    }
}
