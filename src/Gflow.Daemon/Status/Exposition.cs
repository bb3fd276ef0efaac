using System.Globalization;
using System.Text;
using Gflow.Daemon.Metrics;

namespace Gflow.Daemon.Status;

/// <summary>Writes metrics in the text format of Prometheus, version 0.0.4. A family is opened, then come all its samples.</summary>
internal sealed class Exposition
{
    public const string ContentType = "text/plain; version=0.0.4; charset=utf-8";

    private readonly StringBuilder _text = new();
    private string _family = "";

    public void Counter(string name, string help) => Open(name, "counter", help);

    public void Gauge(string name, string help) => Open(name, "gauge", help);

    public void Histogram(string name, string help) => Open(name, "histogram", help);

    public void Sample(double value, params ReadOnlySpan<(string Name, string Value)> labels) => Line("", value, labels);

    /// <summary>All that a histogram's family says about one histogram.</summary>
    public void Sample(Histogram histogram, params ReadOnlySpan<(string Name, string Value)> labels)
    {
        var counts = histogram.Read();
        var total = 0L;
        for (var i = 0; i < counts.Length; i++)
        {
            total += counts[i];
            var bound = i < histogram.Bounds.Count ? Number(histogram.Bounds[i]) : "+Inf";
            Line("_bucket", total, [.. labels, ("le", bound)]);
        }

        Line("_sum", histogram.Sum, labels);
        Line("_count", total, labels);
    }

    public override string ToString() => _text.ToString();

    private void Open(string name, string kind, string help)
    {
        _family = name;
        _text.Append("# HELP ").Append(name).Append(' ').Append(help).Append('\n');
        _text.Append("# TYPE ").Append(name).Append(' ').Append(kind).Append('\n');
    }

    private void Line(string suffix, double value, ReadOnlySpan<(string Name, string Value)> labels)
    {
        _text.Append(_family).Append(suffix);
        for (var i = 0; i < labels.Length; i++)
        {
            _text.Append(i == 0 ? '{' : ',').Append(labels[i].Name).Append("=\"").Append(Escaped(labels[i].Value)).Append('"');
        }

        _text.Append(labels.Length > 0 ? "} " : " ").Append(Number(value)).Append('\n');
    }

    private static string Number(double value) => value.ToString("R", CultureInfo.InvariantCulture);

    private static string Escaped(string value) => value.Replace(@"\", @"\\").Replace("\"", "\\\"").Replace("\n", @"\n");
}
