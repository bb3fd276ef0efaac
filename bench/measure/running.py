"""What the machine waits for: a free slot until the next job is in it, and short jobs one after the other."""
import os
import subprocess
import time

from homes import Gflow, Spooler
from table import Row, median, ms, quantile

HANDOVERS = 320
JOBS = 2000

# task-spooler keeps a process and a connection for each waiting job and takes no more than a thousand of them.
DEPTH = 900
ROUNDS = 3


def gaps(stamps):
    """Between the last instruction of each job and the first of the next, in seconds."""
    with open(stamps, encoding="ascii") as lines:
        times = sorted(tuple(map(int, line.split())) for line in lines)
    os.unlink(stamps)
    return [(after[0] - before[1]) / 1e9 for before, after in zip(times, times[1:])]


def gflow_gaps(gflow, stamp, jobs):
    stamps = gflow.path("stamps")
    gate = gflow.block()
    last = gflow.submit_all(f"{stamp} {stamps}", 4, jobs)
    gflow.open_gate(gate)
    gflow.drained(last)
    return gaps(stamps)


def spooler_gaps(spooler, stamp, jobs):
    stamps = spooler.path("stamps")
    gate = spooler.block(1)
    last = spooler.submit_all(jobs, "bash", "-c", f"{stamp} {stamps}")
    spooler.open_gate(gate)
    spooler.drained(last)
    return gaps(stamps)


def handover(published, stamp):
    own, other = [], []
    with Gflow(published) as gflow, Spooler(1) as spooler:
        gflow_gaps(gflow, stamp, 20)
        for _ in range(4):
            own += gflow_gaps(gflow, stamp, HANDOVERS // 4 + 1)
            other += spooler_gaps(spooler, stamp, HANDOVERS // 4 + 1)
    p99 = quantile(own, .99)
    return "Free slot to exec", [
        "From the last instruction of the job in the only slot to the first instruction of the next one's program, 80 jobs waiting,",
        "the same `bash -c` of a C program that reads the clock; between the two lie, for gflow, the commit of the end and the",
        "commit of the start. Four turns each.",
    ], [
        Row(f"p50 of {len(own)} hand-overs", ms(median(own)), f"task-spooler {ms(median(other))}", f"{median(own) / median(other):.2f}"),
        Row(f"p99 of {len(own)} hand-overs", ms(p99), f"task-spooler {ms(quantile(other, .99))}", f"{p99 / quantile(other, .99):.2f}", "< 20 ms", p99 < 0.02),
    ]


def throughput(published):
    fed, drained = ([], [], []), ([], [], [])
    for _ in range(ROUNDS):
        for measure_gflow, measure_spooler, rates in ((gflow_fed, spooler_fed, fed), (gflow_drained, spooler_drained, drained)):
            with Gflow(published) as gflow:
                rates[0].append(measure_gflow(gflow))
            with Spooler(4) as spooler:
                rates[1].append(measure_spooler(spooler, "bash", "-c", "true"))
            with Spooler(4) as spooler:
                rates[2].append(measure_spooler(spooler, "true"))
    rows = []
    for work, (own, same, bare) in (
        ("fed by a shell loop, one client process for each job: start of the first to end of the last job", fed),
        ("queue filled first, all slots held by one job: end of that to end of the last job", drained)):
        ratio = median(own) / median(bare)
        rows.append(Row(work, f"{median(own):,.0f}/s", f"task-spooler, `true` {median(bare):,.0f}/s", f"{ratio:.2f}", "> 1", ratio > 1))
        rows.append(Row("the same, beside a job with a shell", f"{median(own):,.0f}/s", f"task-spooler, `bash -c true` {median(same):,.0f}/s", f"{median(own) / median(same):.2f}"))
    return "`true` jobs a second on four slots", [
        f"{JOBS:,} jobs fed or {DEPTH} waiting (task-spooler takes no more than a thousand), four simulated GPUs and",
        f"`-g 1` against task-spooler with four slots; fresh homes, {ROUNDS} rounds in turns, medians.",
        "gflow has each job's submission, start and end on disk and keeps its log, environment and events; task-spooler keeps a log, and",
        "forgets the rest when it ends. Both execute `true` without a shell; what one costs shows in the row below each.",
    ], rows


def feed(home, command):
    """A plain loop in a shell of its own, so that both clients are started the same way."""
    subprocess.run(
        ["bash", "-c", f"for ((i = 0; i < {JOBS}; i++)); do {command} > last || exit 1; done"],
        env=home.env, cwd=home.root, stdin=subprocess.DEVNULL, check=True)


def gflow_fed(gflow):
    began = time.perf_counter()
    feed(gflow, f"{gflow.path('gbatch')} -g 1 true")
    gflow.drained(JOBS)
    return JOBS / (time.perf_counter() - began)


def spooler_fed(spooler, *job):
    began = time.perf_counter()
    feed(spooler, f"{spooler.program} {' '.join(job)}")
    with open(spooler.path("last"), encoding="ascii") as last:
        spooler.drained(last.read().strip())
    return JOBS / (time.perf_counter() - began)


def gflow_drained(gflow):
    gate = gflow.block()
    last = gflow.submit_all("true", 1, DEPTH)
    began = time.perf_counter()
    gflow.open_gate(gate)
    gflow.drained(last)
    return DEPTH / (time.perf_counter() - began)


def spooler_drained(spooler, *job):
    gate = spooler.block(4)
    last = spooler.submit_all(DEPTH, *job)
    began = time.perf_counter()
    spooler.open_gate(gate)
    spooler.drained(last)
    return DEPTH / (time.perf_counter() - began)
