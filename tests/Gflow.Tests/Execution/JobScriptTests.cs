using System.Text;
using Gflow.Core.Jobs;
using Gflow.Daemon.Execution;

namespace Gflow.Tests.Execution;

public sealed class JobScriptTests
{
    private const string Copy = "/data/scripts/7";

    [Theory]
    [InlineData("#!/bin/sh", "/bin/sh", "-c|. /data/scripts/7|/home/s|x")]
    [InlineData("#!/bin/sh -", "/bin/sh", "-c|. /data/scripts/7|/home/s|x")]
    [InlineData("#! /bin/bash -eu", "/bin/bash", "-eu|-c|. /data/scripts/7|/home/s|x")]
    [InlineData("#!/usr/bin/env -S A=1 bash -e", "/usr/bin/env", "-S A=1 bash -e|-c|. /data/scripts/7|/home/s|x")]
    [InlineData("echo", "/bin/bash", "-c|. /data/scripts/7|/home/s|x")]
    [InlineData("#!/usr/bin/python3.11 -u", "/usr/bin/python3.11", "-u|/data/scripts/7|x")]
    [InlineData("#!/opt/own", "/opt/own", "/data/scripts/7|x")]
    public void A_copy_is_run_so_that_it_finds_its_siblings(string first, string program, string arguments)
    {
        var run = Of(first, "/home/s");
        var original = run.Original!;
        string[] rest = [.. run.Arguments.Skip(original.HeadLength)];
        Assert.Equal("/home/s", run.Arguments[original.HeadLength - 1]);
        Assert.Equal((program, arguments), (run.Program, string.Join('|', original.CopyHead.Concat(rest))));
        Assert.Matches(@"^/home/\.gflow-7-[0-9a-f]{8}-s$", original.Beside);
        Assert.Equal(arguments.Replace(Copy, original.Beside, StringComparison.Ordinal), string.Join('|', original.BesideHead.Concat(rest)));
    }

    [Theory]
    [InlineData("#!/usr/bin/env python3", "PYTHONPATH=/home:/lib")]
    [InlineData("#!/usr/bin/perl -w", "PERL5LIB=/home")]
    [InlineData("#!/bin/bash", null)]
    public void Modules_are_looked_for_beside_the_original(string first, string? variable) => Assert.Equal(variable, Of(first, "/home/s").Original!.CopyVariable);

    [Theory]
    [InlineData(null)]
    [InlineData("s")]
    public void What_came_without_a_file_has_a_copy_alone(string? path)
    {
        var run = Of("#!/bin/sh", path);
        Assert.Null(run.Original);
        Assert.Equal([Copy, "x"], run.Arguments);
    }

    private static JobScript Of(string first, string? path) =>
        JobScript.Of(new JobSpec { Script = path, Arguments = ["x"], RunDir = "/" }, Encoding.UTF8.GetBytes(first + "\n"), Copy, ["PYTHONPATH=/lib", "PERL5LIB="], looksForPrograms: true);
}
