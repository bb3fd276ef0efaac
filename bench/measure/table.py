"""The table: one row a figure, each beside what it is compared with."""
import datetime
import os
import platform
import statistics
from dataclasses import dataclass


@dataclass
class Row:
    work: str
    gflow: str
    alternative: str
    ratio: str = ""
    bar: str = ""
    met: bool = True

    def __str__(self):
        bar = self.bar and f"{self.bar}: {'met' if self.met else '**missed**'}"
        return f"| {self.work} | {self.gflow} | {self.alternative} | {self.ratio} | {bar} |"


@dataclass
class NumberedRow(Row):
    number: str = ""


def numbered(number, *columns):
    """A row of a table whose rows have names of their own."""
    return NumberedRow(*columns, number=number)


def quantile(values, share):
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def ms(seconds):
    return f"{seconds * 1e3:.2f} ms" if seconds < 0.1 else f"{seconds * 1e3:.0f} ms"


def median(values):
    return statistics.median(values)


def render(sections, version):
    now = datetime.datetime.now(datetime.timezone.utc)
    lines = [
        "# The core, side by side",
        "",
        "Written by `make bench`. Absolute figures move with the machine and with what else it does; the ratios compare what was",
        "measured in turns within one run.",
        "",
        "| date | cores | load before | kernel | gflow | task-spooler |",
        "|---|---|---|---|---|---|",
        f"| {now:%Y-%m-%d %H:%M} UTC | {os.cpu_count()} | {version['load']:.1f} | {platform.release()} | {version['gflow']} | {version['tsp']} |",
    ]
    for title, notes, rows in sections:
        lines += ["", f"## {title}", "", *notes, "", "| work | gflow | alternative | ratio | bar |", "|---|---|---|---|---|", *map(str, rows)]
    return "\n".join(lines) + "\n"
