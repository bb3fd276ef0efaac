using System.Text;
using Gflow.Cli;

namespace Gflow.Tests.Cli;

/// <summary>JSON on its way to a terminal, in whatever pieces it comes.</summary>
public sealed class SafeJsonStreamTests
{
    [Fact]
    public void A_character_whose_bytes_come_in_two_pieces_is_whole()
    {
        var json = Encoding.UTF8.GetBytes("\"a👩‍💻é模\u202e型\"");
        for (var cut = 0; cut <= json.Length; cut++)
        {
            using var text = new StringWriter();
            using var stream = new SafeJsonStream(text);

            stream.Write(json, 0, cut);
            stream.Write(json, cut, json.Length - cut);

            Assert.Equal("\"a👩‍💻é模\\u202e型\"", text.ToString());
        }
    }

    [Fact]
    public void A_piece_as_long_as_any_before_it_has_room_for_what_began_earlier()
    {
        var begun = Encoding.UTF8.GetBytes("👩");
        using var text = new StringWriter();
        using var stream = new SafeJsonStream(text);

        stream.Write([.. begun, .. "x"u8, .. begun[..3]], 0, 8);
        stream.Write([begun[3], .. Encoding.UTF8.GetBytes(new string('y', 15))], 0, 16);

        Assert.Equal($"👩x👩{new string('y', 15)}", text.ToString());
    }
}
