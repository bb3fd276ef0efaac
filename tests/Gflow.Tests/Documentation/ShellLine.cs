using System.Text;

namespace Gflow.Tests.Documentation;

/// <summary>Parts the commands of a line as a shell would, as far as documentation needs it.</summary>
internal static class ShellLine
{
    /// <returns>The words of each command, without assignments before it, redirections and comments.</returns>
    public static IReadOnlyList<string[]> Commands(string line)
    {
        List<string[]> commands = [];
        List<string> words = [];
        var word = new StringBuilder();
        var (inWord, skip) = (false, false);
        char quote = '\0';
        foreach (var (c, next) in line.Zip(line.Skip(1).Append('\n')))
        {
            switch (c)
            {
                case var _ when quote != '\0' && c == quote:
                    quote = '\0';
                    break;
                case var _ when quote != '\0':
                    word.Append(c);
                    break;
                case '\'' or '"':
                    (quote, inWord) = (c, true);
                    break;
                case '#' when !inWord:
                    EndCommand();
                    return commands;
                case ' ' or '\t':
                    EndWord();
                    break;
                case '<' or '>':
                    EndWord();
                    skip = true;
                    break;
                case '&' or '|' or ';':
                    EndCommand();
                    break;
                case '\\' when next is '\n':
                    break;
                default:
                    word.Append(c);
                    inWord = true;
                    break;
            }
        }

        EndCommand();
        return commands;

        void EndWord()
        {
            if (inWord && !skip && (words.Count > 0 || !IsAssignment(word.ToString())))
            {
                words.Add(word.ToString());
            }

            skip &= !inWord;
            inWord = false;
            word.Clear();
        }

        void EndCommand()
        {
            EndWord();
            if (words.Count > 0)
            {
                commands.Add([.. words]);
            }

            words.Clear();
        }
    }

    private static bool IsAssignment(string word) =>
        word.IndexOf('=', StringComparison.Ordinal) is > 0 and var end && word[..end].All(c => char.IsAsciiLetterOrDigit(c) || c == '_');
}
