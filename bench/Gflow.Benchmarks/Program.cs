using System.Globalization;
using BenchmarkDotNet.Columns;
using BenchmarkDotNet.Configs;
using BenchmarkDotNet.Engines;
using BenchmarkDotNet.Jobs;
using BenchmarkDotNet.Running;
using BenchmarkDotNet.Toolchains.InProcess.Emit;
using Gflow.Benchmarks;
using Perfolizer.Horology;

// In this process: the differences sought are of whole orders of magnitude, and not worth a build for each case.
var job = Job.Default
    .WithToolchain(InProcessEmitToolchain.Instance)
    .WithStrategy(RunStrategy.Throughput)
    .WithIterationTime(TimeInterval.FromMilliseconds(40))
    .WithWarmupCount(3)
    .WithIterationCount(9);
var config = ManualConfig.CreateEmpty().AddJob(job).AddColumnProvider(DefaultColumnProviders.Instance).WithArtifactsPath(Path.GetTempPath());
var summary = BenchmarkRunner.Run<PlannerBenchmarks>(config);

// One line a case for the program that makes the table: case, queued jobs, classes, method, median in nanoseconds.
using var output = new StreamWriter(args[0]);
foreach (var report in summary.Reports)
{
    var parameters = report.BenchmarkCase.Parameters;
    output.WriteLine(string.Create(
        CultureInfo.InvariantCulture,
        $"{parameters["Case"]} {parameters["Queued"]} {parameters["Classes"]} {report.BenchmarkCase.Descriptor.WorkloadMethod.Name} {report.ResultStatistics?.Median ?? 0:F0}"));
}

return summary.HasCriticalValidationErrors || summary.Reports.Any(report => !report.Success) ? 1 : 0;
