using System.Text;
using Gflow.Client.CommandLine;
using Gflow.Core.Text;

namespace Gflow.Cli.Rendering;

/// <summary>Passes UTF-8 text of other people on to a terminal, with what would command it made visible; bytes that are no text become U+FFFD.</summary>
internal sealed class VisibleStream(Stream terminal) : WriteOnlyStream
{
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    public override void Flush() => terminal.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => terminal.FlushAsync(cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => terminal.Write(Visible(buffer.AsSpan(offset, count)));

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        await terminal.WriteAsync(Visible(buffer.Span), cancellationToken);

    /// <summary>A character of which only the beginning has come waits for the rest.</summary>
    private byte[] Visible(ReadOnlySpan<byte> bytes)
    {
        var characters = new char[_decoder.GetCharCount(bytes, flush: false)];
        var count = _decoder.GetChars(bytes, characters, flush: false);
        return Encoding.UTF8.GetBytes(SafeText.Lines(new string(characters, 0, count)));
    }
}
