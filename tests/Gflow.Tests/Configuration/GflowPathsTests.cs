using Gflow.Client.Configuration;

namespace Gflow.Tests.Configuration;

public sealed class GflowPathsTests
{
    [Fact]
    public void Without_XDG_variables_the_paths_are_in_the_home() =>
        Assert.Equal(
            new GflowPaths("/h/.config/gflow/gflow.toml", "/h/.local/share/gflow", "/h/.local/share/gflow/gflowd.sock"),
            GflowPaths.From(new Dictionary<string, string> { ["HOME"] = "/h" }));

    [Fact]
    public void XDG_variables_are_followed() =>
        Assert.Equal(
            new GflowPaths("/c/gflow/gflow.toml", "/d/gflow", "/r/gflow/gflowd.sock"),
            GflowPaths.From(new Dictionary<string, string>
            {
                ["HOME"] = "/h",
                ["XDG_CONFIG_HOME"] = "/c",
                ["XDG_DATA_HOME"] = "/d",
                ["XDG_RUNTIME_DIR"] = "/r",
            }));

    [Theory]
    [InlineData("")]
    [InlineData("relative")]
    public void An_empty_or_relative_variable_counts_as_unset(string value) =>
        Assert.Equal(
            GflowPaths.From(new Dictionary<string, string> { ["HOME"] = "/h" }),
            GflowPaths.From(new Dictionary<string, string>
            {
                ["HOME"] = "/h",
                ["XDG_CONFIG_HOME"] = value,
                ["XDG_DATA_HOME"] = value,
                ["XDG_RUNTIME_DIR"] = value,
            }));
}
