using System.Text;
using Gflow.Client.CommandLine;
using Gflow.Core.Text;

namespace Gflow.Cli;

/// <summary>Passes JSON in UTF-8 on as text, piece by piece, with what would command a terminal as JSON's own escapes.</summary>
internal sealed class SafeJsonStream(TextWriter output) : WriteOnlyStream
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();
    private char[] _characters = [];

    public override void Flush()
    {
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        var bytes = buffer.AsSpan(offset, count);
        var most = Encoding.UTF8.GetMaxCharCount(bytes.Length);
        if (_characters.Length < most)
        {
            _characters = new char[most];
        }

        var text = _characters.AsSpan(0, _decoder.GetChars(bytes, _characters, flush: false));
        if (SafeText.IsPlain(text))
        {
            output.Write(text);
        }
        else
        {
            output.Write(SafeText.JsonStrings(text.ToString()));
        }
    }
}
