"""builds BEFORE AFTER RESULT: two published builds in turns within one run; fails when a figure of the second is worse than 1.1 times the first's."""
import os
import subprocess
import sys
import tempfile
import time

import processes
import running
import wire
from homes import Gflow
from table import Row, median, ms

BAR = 1.1
TURNS = 9

# Enough to tell builds apart.
running.JOBS, running.DEPTH = 300, 600


def starts(published):
    with Gflow(published) as gflow:
        return median([processes.timed([gflow.path("gqueue")], gflow.env) for _ in range(40)][3:])


def submissions(published, clients, count):
    with Gflow(published) as gflow:
        gflow.block()
        job = wire.request("POST", "/jobs", gflow.job("true", 1))
        wire.load(gflow.socket, job, 1, 200)
        whole, took = wire.load(gflow.socket, job, clients, count)
        return whole / len(took)


def handovers(published, stamp):
    with Gflow(published) as gflow:
        running.gflow_gaps(gflow, stamp, 20)
        return median(running.gflow_gaps(gflow, stamp, 81))


def jobs(published, measure):
    with Gflow(published) as gflow:
        return 1 / measure(gflow)


def idle(published):
    with Gflow(published) as gflow:
        time.sleep(2)
        return processes.memory(gflow.daemon.pid)[0]


def main(before, after, result):
    builds = [os.path.abspath(build) for build in (before, after)]
    with tempfile.TemporaryDirectory(prefix="gflow-bench-") as tools:
        stamp = os.path.join(tools, "stamp")
        subprocess.run(["gcc", "-O2", "-o", stamp, os.path.join(os.path.dirname(__file__), "stamp.c")], check=True)
        rows = [
            compare("`gqueue` from its start to its end", builds, starts, ms),
            compare("a submission, one client", builds, lambda build: submissions(build, 1, 1000), ms),
            compare("a submission, 32 clients", builds, lambda build: submissions(build, 32, 3000), ms),
            compare("free slot to exec, median of 80", builds, lambda build: handovers(build, stamp), ms),
            compare("a `true` job, fed by a shell loop", builds, lambda build: jobs(build, running.gflow_fed), ms),
            compare("a `true` job, queue filled first", builds, lambda build: jobs(build, running.gflow_drained), ms),
            compare("gflowd, resident when idle", builds, idle, lambda kib: f"{kib / 1024:.1f} MiB"),
        ]
    text = "\n".join([
        "# Two builds in turns", "",
        f"Written by `make bench-builds BEFORE=DIRECTORY`, in which lie the published programs of another commit. Medians of {TURNS} turns, a fresh home each.", "",
        "| work | after | before | ratio | bar |", "|---|---|---|---|---|", *map(str, rows), ""])
    print(text)
    with open(result, "w", encoding="utf-8") as file:
        file.write(text)
    return 0 if all(row.met for row in rows) else 1


def compare(work, builds, measure, shown):
    print(f"{work}...", file=sys.stderr, flush=True)
    taken = ([], [])
    for turn in range(TURNS):
        # Who goes first changes, or the one would always find the disk as the other left it.
        for which in (0, 1)[::1 if turn % 2 else -1]:
            taken[which].append(measure(builds[which]))
    old, new = map(median, taken)
    return Row(work, shown(new), shown(old), f"{new / old:.2f}", f"≤ {BAR}", new <= BAR * old)


sys.exit(main(*sys.argv[1:4]))
