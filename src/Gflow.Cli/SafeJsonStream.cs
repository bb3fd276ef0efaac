using System.Text;
using Gflow.Client.CommandLine;
using Gflow.Core.Text;

namespace Gflow.Cli;

/// <summary>Passes JSON in UTF-8 on as text, piece by piece, with what would command a terminal as JSON's own escapes.</summary>
internal sealed class SafeJsonStream(TextWriter output) : WriteOnlyStream
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    public override void Flush()
    {
    }

    public override void Write(byte[] buffer, int offset, int count)
    {
        var bytes = buffer.AsSpan(offset, count);
        var characters = new char[_decoder.GetCharCount(bytes, flush: false)];
        var length = _decoder.GetChars(bytes, characters, flush: false);
        output.Write(SafeText.JsonStrings(new string(characters, 0, length)));
    }
}
