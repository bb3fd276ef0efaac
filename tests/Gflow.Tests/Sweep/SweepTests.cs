using System.Text.RegularExpressions;
using Gflow.Core.Jobs;
using Gflow.Daemon.Execution;
using Gflow.Daemon.Notifications.Webhook;
using Gflow.Tests.TestKit;
using Microsoft.AspNetCore.Routing;

namespace Gflow.Tests.Sweep;

/// <summary>Whatever is in whichever field of whichever route, it is taken, or refused in words that name the field, and the daemon goes on.</summary>
public sealed partial class SweepTests(SweptDaemon swept) : IClassFixture<SweptDaemon>
{
    /// <summary>Shares no factor with the number of values. The published daemon gets all of them.</summary>
    private const int Step = 7;

    public static TheoryData<string> Routes => [.. SweptRoutes.All.Select(route => $"{route}")];

    [Theory]
    [MemberData(nameof(Routes))]
    public async Task Every_odd_value_is_taken_or_refused_in_words_that_name_its_field(string name)
    {
        var route = SweptRoutes.All.Single(known => $"{known}" == name);
        await new Sweep(swept.Daemon.Host.Socket, swept.Running, Step).OfAsync(route);
        Assert.Equal(200, (await swept.Daemon.GetAsync("/health")).Status);
    }

    [Fact]
    public void Every_route_is_swept()
    {
        var mapped = swept.Daemon.Host.Endpoints.OfType<RouteEndpoint>()
            .SelectMany(endpoint => endpoint.Metadata.GetRequiredMetadata<IHttpMethodMetadata>().HttpMethods.Where(method => method != "HEAD").Select(method => $"{method} {endpoint.RoutePattern.RawText}"));
        Assert.Equal(mapped.Order(), SweptRoutes.All.Select(route => $"{route}").Order());
    }

    [Fact]
    public void Every_name_that_is_read_of_a_query_is_swept()
    {
        var read = Directory.EnumerateFiles(Path.Combine(GoldenFile.Root(), "src", "Gflow.Daemon"), "*.cs", SearchOption.AllDirectories)
            .Select(File.ReadAllText).Where(source => source.Contains("uery", StringComparison.Ordinal)).SelectMany(source => QueryName().Matches(source)).Select(match => match.Groups[1].Value);
        Assert.Empty(read.Distinct().Except(SweptRoutes.All.SelectMany(route => route.Queries)));
    }

    [Fact]
    public async Task Every_route_reads_the_body_that_it_is_swept_with()
    {
        foreach (var route in SweptRoutes.All.Where(route => route.Method != "GET"))
        {
            using var request = new HttpRequestMessage(new HttpMethod(route.Method), route.Path.Replace("{id}", route.Method == "PATCH" ? $"{swept.Running}" : "999", StringComparison.Ordinal)) { Content = TestDaemon.Json("{\"\"\"") };
            Assert.True(route.Body is not null == (await swept.Daemon.SendAsync(request)).Body.Contains("body", StringComparison.OrdinalIgnoreCase), $"{route}");
        }
    }

    [GeneratedRegex("""(?:[qQ]uery(?:\.ContainsKey)?[\[(]"|[qQ]uery, "|Text\(")([a-z_]+)"[\]),]""")]
    private static partial Regex QueryName();
}

/// <summary>A daemon that is swept; all routes share it.</summary>
public sealed class SweptDaemon : IAsyncLifetime
{
    internal TestDaemon Daemon { get; private set; } = null!;

    /// <summary>A job that runs and has written something.</summary>
    internal uint Running { get; private set; }

    public async ValueTask InitializeAsync()
    {
        Daemon = await TestDaemon.StartAsync(configure: options => options with
        {
            Notifications = new() { Enabled = true, Targets = [new WebhookTargetOptions { Name = "hook", Url = new Uri("http://127.0.0.1:1/") }] },
        });
        Daemon.Executor.OnStart = request =>
        {
            File.WriteAllText(Daemon.Host.Paths.LogOf(new JobId(request.JobId)), "begun\n");
            return Task.FromResult<LaunchOutcome?>(null);
        };
        Running = await Daemon.SubmitAsync();
        await Daemon.UntilAsync(Running, "Running");
    }

    public ValueTask DisposeAsync() => Daemon.DisposeAsync();
}
