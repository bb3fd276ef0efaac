namespace Gflow.Daemon.Lifecycle;

/// <summary>Reads a log to which somebody adds, and which is turned now and then: moved away, and begun anew under its name.</summary>
internal sealed class GrowingLog : IDisposable
{
    private const int Block = 64 << 10;

    private readonly string _path;
    private FileStream _file;
    private StreamReader _reader;

    /// <param name="path">Absolute.</param>
    /// <exception cref="IOException">It cannot be read.</exception>
    /// <exception cref="UnauthorizedAccessException">It may not be.</exception>
    public GrowingLog(string path)
    {
        _path = path;
        (_file, _reader) = Open();
    }

    /// <summary>Goes to where the last lines begin; to be called before anything is read.</summary>
    /// <returns>How many of them it does not have.</returns>
    public int Seek(int lines)
    {
        var block = new byte[Block];
        var end = _file.Length;
        var (at, found) = (end, 0);
        while (at > 0)
        {
            var length = (int)Math.Min(Block, at);
            at -= length;
            length = RandomAccess.Read(_file.SafeFileHandle, block.AsSpan(0, length), at);
            for (var i = length - 1; i >= 0; i--)
            {
                // The last line's own end ends no line before it.
                if (block[i] == '\n' && at + i < end - 1 && ++found == lines)
                {
                    _file.Position = at + i + 1;
                    return 0;
                }
            }
        }

        _file.Position = 0;
        return lines - (end > 0 ? found + 1 : 0);
    }

    /// <summary>What was added since it was last read; empty for nothing.</summary>
    public string Read()
    {
        if (_reader.ReadToEnd() is { Length: > 0 } added)
        {
            return added;
        }

        if (!IsTurned() || !File.Exists(_path))
        {
            return "";
        }

        // What came last before it was turned, and all that came since.
        var rest = _reader.ReadToEnd();
        Dispose();
        (_file, _reader) = Open();
        return rest + _reader.ReadToEnd();
    }

    public void Dispose() => _reader.Dispose();

    /// <summary>Whether the name means another file by now.</summary>
    private bool IsTurned() => File.ResolveLinkTarget($"/proc/self/fd/{_file.SafeFileHandle.DangerousGetHandle()}", returnFinalTarget: false)?.FullName != _path;

    private (FileStream File, StreamReader Reader) Open()
    {
        var file = new FileStream(_path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
        return (file, new StreamReader(file));
    }
}
