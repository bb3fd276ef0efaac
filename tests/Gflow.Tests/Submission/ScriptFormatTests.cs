using System.Text;
using Gflow.Core.Submission;

namespace Gflow.Tests.Submission;

public sealed class ScriptFormatTests
{
    [Theory]
    [InlineData("#!/bin/sh\necho 'a\rb'\n")]
    [InlineData("#!/usr/bin/env python3\nprint(`a\r\nb`)\n")]
    [InlineData("")]
    [InlineData("echo \uFEFF\n")]
    public void What_interpreters_read_is_well(string script) => Assert.Null(ScriptFormat.Fault(Encoding.UTF8.GetBytes(script), "s"));

    [Theory]
    [InlineData("#!/bin/sh\necho a\r\n", "sed -i 's/\\r$//' s")]
    [InlineData("#!/usr/bin/env -S bash -e\necho a\r\n", "sed -i 's/\\r$//' s")]
    [InlineData("echo a\r\n", "sed -i 's/\\r$//' s")]
    [InlineData("#!/usr/bin/perl\r\n", "sed -i 's/\\r$//' s")]
    [InlineData("\uFEFFecho a\n", "sed -i '1s/^\\xEF\\xBB\\xBF//' s")]
    public void What_none_reads_is_named_with_its_repair(string script, string repair) =>
        Assert.EndsWith($"repair it: {repair}", ScriptFormat.Fault(Encoding.UTF8.GetBytes(script), "s")!.Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("utf-16", "UTF-16")]
    [InlineData("utf-16BE", "UTF-16BE")]
    public void Two_bytes_for_each_character_are_named_with_their_repair(string encoding, string from) =>
        Assert.EndsWith($"iconv -f {(from == "UTF-16" ? "UTF-16LE" : from)} -t UTF-8 'a s' > 'a s'.new && mv 'a s'.new 'a s'", ScriptFormat.Fault(Encoding.GetEncoding(encoding).GetBytes("#!/bin/sh\n"), "a s")!.Message, StringComparison.Ordinal);
}
