using Gflow.Core.Text;

namespace Gflow.Tests.Text;

public sealed class GpuTextTests
{
    [Theory]
    [InlineData("NVIDIA A100-SXM4-80GB", "a100", true)]
    [InlineData("NVIDIA A100-SXM4-80GB", "A100-80gb", true)]
    [InlineData("NVIDIA A100-SXM4-80GB", "80gb-a100", false)]
    [InlineData("NVIDIA A100-SXM4-80GB", "a10", false)]
    [InlineData("NVIDIA A100-SXM4-80GB", "100", false)]
    [InlineData("NVIDIA A10", "a10", true)]
    [InlineData("NVIDIA GeForce RTX 3090", "rtx3090", true)]
    [InlineData("NVIDIA GeForce RTX 3090", "3090", true)]
    [InlineData("NVIDIA GeForce RTX 3090", "geforce_rtx_3090", true)]
    [InlineData("NVIDIA GeForce RTX 3090", "rtx309", false)]
    [InlineData("Tesla V100-PCIE-16GB", "v100", true)]
    [InlineData("a100", "a100", true)]
    [InlineData("", "a100", false)]
    public void A_type_is_words_of_the_models_name(string model, string type, bool matches) => Assert.Equal(matches, GpuTypeText.Matches(model, type));

    [Theory]
    [InlineData("2", 2, null)]
    [InlineData(" 2 ", 2, null)]
    [InlineData("0", 0, null)]
    [InlineData("a100:2", 2, "a100")]
    [InlineData("3090:1", 1, "3090")]
    [InlineData("gpu", 1, null)]
    [InlineData("gpu:2", 2, null)]
    [InlineData("gpu:A100", 1, "a100")]
    [InlineData("gpu:a100-80gb:4", 4, "a100-80gb")]
    public void Numbers_and_types_are_read_as_people_write_them(string text, int count, string? type) =>
        Assert.Equal(new GpuCount(count, type), GpuCountText.Parse(text).Value);

    [Theory]
    [InlineData("")]
    [InlineData("two")]
    [InlineData("a100")]
    [InlineData("-1")]
    [InlineData("1.5")]
    [InlineData("gpu:")]
    [InlineData("gpu::2")]
    [InlineData("a100:")]
    [InlineData("a100:x")]
    [InlineData("a100:-1")]
    [InlineData("gpu:a100:2:3")]
    [InlineData("99999999999")]
    public void Other_texts_are_refused(string text) => Assert.Contains("such as 2", Assert.Single(GpuCountText.Parse(text).Problems).Message, StringComparison.Ordinal);
}
