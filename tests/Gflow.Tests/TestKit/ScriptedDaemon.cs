using System.Collections.Concurrent;
using System.Text.Json;
using Gflow.Client;
using Gflow.Client.Configuration;
using Gflow.Core.Contracts;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Gflow.Tests.TestKit;

/// <summary>A daemon that answers from a script, on a Unix socket, and remembers what it was asked.</summary>
internal sealed class ScriptedDaemon : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly DirectoryInfo _home = Directory.CreateTempSubdirectory("gflow-scripted-");
    private readonly ConcurrentDictionary<string, Func<HttpContext, Task>> _answers = new();

    private ScriptedDaemon()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.ListenUnixSocket(Socket));
        _app = builder.Build();
        _app.Run(AnswerAsync);
    }

    internal string Socket => Path.Combine(_home.FullName, "d.sock");

    internal ClientOptions Options => new() { Host = "localhost", Port = 1, Socket = Socket };

    /// <summary>What it was asked, in order.</summary>
    internal ConcurrentQueue<SeenRequest> Seen { get; } = new();

    internal static async Task<ScriptedDaemon> StartAsync()
    {
        var daemon = new ScriptedDaemon();
        await daemon._app.StartAsync();
        return daemon;
    }

    public async ValueTask DisposeAsync()
    {
        using (var now = new CancellationTokenSource(0))
        {
            await _app.StopAsync(now.Token);
        }

        await _app.DisposeAsync();
        _home.Delete(recursive: true);
    }

    internal GflowClient Client() => new(Options);

    /// <param name="target">Method and path, such as <c>GET /jobs/1</c>; the query does not count.</param>
    internal ScriptedDaemon On(string target, Func<HttpContext, Task> answer)
    {
        _answers[target] = answer;
        return this;
    }

    internal ScriptedDaemon On(string target, string json, int status = 200) => On(target, async context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(json);
    });

    internal ScriptedDaemon Refuse(string target, int status, string error, string? state = null) =>
        On(target, JsonSerializer.Serialize(new ErrorAnswer(error, [], state), WireJson.Default.ErrorAnswer), status);

    /// <summary>Lists these jobs, whatever the query, and shows each.</summary>
    internal ScriptedDaemon WithJobs(params JobView[] jobs)
    {
        foreach (var job in jobs)
        {
            On($"GET /jobs/{job.Id}", JsonSerializer.Serialize(job, WireJson.Default.JobView));
        }

        return WithList(jobs);
    }

    /// <summary>Lists these jobs, whatever the query.</summary>
    internal ScriptedDaemon WithList(params JobView[] jobs) => On("GET /jobs", JsonSerializer.Serialize([.. jobs], WireJson.Default.ListJobView));

    /// <summary>Gives a job this log, from any byte on.</summary>
    internal ScriptedDaemon WithLog(uint id, byte[] log) =>
        On($"GET /jobs/{id}/log/content", JsonSerializer.Serialize(new LogContent(id, $"/logs/{id}.log", log.Length, true, ""), WireJson.Default.LogContent))
            .On($"GET /jobs/{id}/log/follow", async context =>
            {
                var from = int.Parse(context.Request.Query["from"].ToString(), System.Globalization.CultureInfo.InvariantCulture);
                await context.Response.Body.WriteAsync(log.AsMemory(Math.Min(from, log.Length)));
            });

    internal SeenRequest Single(string target) => Seen.Single(request => request.Target == target);

    private async Task AnswerAsync(HttpContext context)
    {
        using var reader = new StreamReader(context.Request.Body);
        var target = $"{context.Request.Method} {context.Request.Path}";
        var headers = context.Request.Headers.ToDictionary(header => header.Key, header => header.Value.ToString(), StringComparer.OrdinalIgnoreCase);
        Seen.Enqueue(new(target, context.Request.QueryString.Value ?? "", await reader.ReadToEndAsync(), headers));
        if (_answers.TryGetValue(target, out var answer))
        {
            await answer(context);
        }
        else
        {
            context.Response.StatusCode = 404;
        }
    }
}

/// <param name="Target">Method and path.</param>
/// <param name="Query">With its question mark; empty without one.</param>
internal sealed record SeenRequest(string Target, string Query, string Body, IReadOnlyDictionary<string, string> Headers)
{
    internal JsonElement Json => JsonDocument.Parse(Body).RootElement;
}
