using Gflow.Client.CommandLine;

namespace Gflow.Cli.Gjob;

/// <summary>Passes output on line by line as people see it (<see cref="OutputLines"/>), without what would move the cursor; colours stay.</summary>
internal sealed class PeopleStream(Stream output) : WriteOnlyStream
{
    private const byte Escape = 0x1B;

    private readonly OutputLines _lines = new(raw: false);
    private readonly List<byte> _written = [];
    private readonly List<byte> _sequence = [];
    private byte _last = (byte)'\n';
    private bool _returned;

    public override void Flush() => output.Flush();

    public override Task FlushAsync(CancellationToken cancellationToken) => output.FlushAsync(cancellationToken);

    public override void Write(byte[] buffer, int offset, int count) => output.Write(Seen(buffer.AsSpan(offset, count)));

    public override async ValueTask WriteAsync(ReadOnlyMemory<byte> buffer, CancellationToken cancellationToken = default) =>
        await output.WriteAsync(Seen(buffer.Span), cancellationToken);

    /// <summary>A step of a progress bar that was the last thing written is a line as well.</summary>
    internal async Task FinishAsync(CancellationToken cancel)
    {
        if (_returned && _last != '\n')
        {
            await output.WriteAsync("\n"u8.ToArray(), cancel);
        }
    }

    private byte[] Seen(ReadOnlySpan<byte> bytes)
    {
        _written.Clear();
        _returned = bytes.Length > 0 ? bytes[^1] == '\r' : _returned;
        foreach (var next in bytes)
        {
            if (_lines.Begins(next) && _last != '\n')
            {
                Put((byte)'\n');
            }

            if (_sequence.Count > 0)
            {
                TakeSequence(next);
            }
            else if (next == Escape)
            {
                _sequence.Add(next);
            }
            else if (next != '\r')
            {
                Put(next);
            }
        }

        return [.. _written];
    }

    /// <summary>A control sequence (ECMA-48, 5.4) ends with a byte from @ to ~; that which sets colours, with m.</summary>
    private void TakeSequence(byte next)
    {
        _sequence.Add(next);
        var isControl = _sequence[1] == '[';
        if (isControl && (_sequence.Count == 2 || next is < (byte)'@' or > (byte)'~'))
        {
            return;
        }

        if (!isControl || next == 'm')
        {
            _written.AddRange(_sequence);
            _last = next;
        }

        _sequence.Clear();
    }

    private void Put(byte next)
    {
        _written.Add(next);
        _last = next;
    }
}
