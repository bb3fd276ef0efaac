using System.Text;

namespace Gflow.Client.CommandLine;

/// <summary>Writes sentences to a terminal, line by line as <see cref="Prose"/> has them.</summary>
/// <param name="width">Columns of the terminal now; null when it cannot be asked.</param>
public sealed class ProseWriter(TextWriter output, Func<int?> width) : TextWriter
{
    private readonly StringBuilder _line = new();

    public override Encoding Encoding => output.Encoding;

    public override void Write(char value)
    {
        if (value != '\n')
        {
            _line.Append(value);
            return;
        }

        foreach (var line in Prose.Lines(_line.ToString(), width()))
        {
            output.Write($"{line}\n");
        }

        _line.Clear();
    }

    public override void Flush()
    {
        output.Write(_line.ToString());
        _line.Clear();
        output.Flush();
    }
}
