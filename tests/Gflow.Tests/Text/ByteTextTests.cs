using System.Text;
using System.Text.Json;
using CsCheck;
using Gflow.Core.Contracts;
using Gflow.Core.Text;

namespace Gflow.Tests.Text;

public sealed class ByteTextTests
{
    [Fact]
    public void Every_byte_comes_back() =>
        Gen.Byte.Array[0, 40].Sample(bytes => ByteText.Bytes(ByteText.Of(bytes)).SequenceEqual(bytes));

    [Fact]
    public void Text_is_what_it_was() =>
        Gen.String.Sample(text => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)) is var valid && ByteText.Of(Encoding.UTF8.GetBytes(valid)) == valid && ByteText.IsUtf8(valid));

    [Fact]
    public void What_is_written_as_text_is_readable()
    {
        var text = ByteText.Of([.. "caf"u8, 0xE9]);
        Assert.False(ByteText.IsUtf8(text));
        Assert.Equal("caf\uFFFD", Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text)));
        Assert.Equal("$'caf\\351'", ShellText.Quote(text));
    }

    [Fact]
    public void A_draft_comes_over_the_wire_with_all_its_bytes() => Gen.Byte[1, 255].Array[0, 12].List[4, 4].Sample(bytes =>
    {
        List<string> texts = [.. bytes.Select(one => ByteText.Of(one))];
        var draft = new SubmissionDraft { Script = texts[0], RunDir = texts[1], Arguments = [texts[2], "x"], Environment = new Dictionary<string, string> { ["A"] = texts[3], ["B"] = "b" } };
        var json = JsonSerializer.Serialize(draft.Packed(), WireJson.Default.SubmissionDraft);
        var came = JsonSerializer.Deserialize(json, WireJson.Default.SubmissionDraft)!.Unpacked();
        return came.Script == draft.Script && came.RunDir == draft.RunDir && came.Arguments!.SequenceEqual(draft.Arguments) && came.Environment!.OrderBy(pair => pair.Key).SequenceEqual(draft.Environment.OrderBy(pair => pair.Key));
    });
}
