"""arrays PUBLISHED RESULT [BEFORE]: arrays beside single jobs and task-spooler; BEFORE is a build that had none. Fails when a bar is missed."""
import os
import shutil
import subprocess
import sys
import threading
import time

import processes
from homes import Gflow, Spooler
from table import Row, median, ms

TASKS = 10_000
FEW = 100
WAITING = 100_000
TURNS = 7
ROUNDS = 3

# task-spooler takes no more than a thousand waiting jobs, so it is fed while it works them off.
SPOOLED = 2_000
MOST_MIB = 64


def gbatch(gflow, *words):
    began = time.perf_counter()
    subprocess.run([gflow.path("gbatch"), *words], env=gflow.env, cwd=gflow.root, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, check=True)
    return time.perf_counter() - began


def ended(gflow):
    processes.wait_until(lambda: not gflow.ask("GET", "/jobs?state=Queued,Running&limit=1"), 300, "all jobs are over")


def array_whole(published):
    """Tasks a second from the start of gbatch to the end of the last task."""
    with Gflow(published) as gflow:
        began = time.perf_counter()
        gbatch(gflow, "-g", "1", "--array", f"1-{TASKS}", "true")
        ended(gflow)
        return TASKS / (time.perf_counter() - began)


def spooler_whole():
    """The same of single jobs that a shell loop feeds."""
    with Spooler(4) as spooler:
        began = time.perf_counter()
        spooler.drained(spooler.submit_all(SPOOLED, "true"))
        return SPOOLED / (time.perf_counter() - began)


def drained(published, submit):
    """Jobs a second when all wait and the GPUs become free."""
    with Gflow(published) as gflow:
        gate = gflow.block()
        submit(gflow)
        began = time.perf_counter()
        gflow.open_gate(gate)
        ended(gflow)
        return TASKS / (time.perf_counter() - began)


def array_waiting(gflow):
    gflow.ask("POST", "/jobs", gflow.job("true", 1) | {"array": f"1-{TASKS}"})


def singles_waiting(gflow):
    gflow.submit_all("true", 1, TASKS)


def rates(published, before):
    whole, spooled, array, single = [], [], [], []
    for _ in range(ROUNDS):
        whole.append(array_whole(published))
        spooled.append(spooler_whole())
        array.append(drained(published, array_waiting))
        single.append(drained(before, singles_waiting))
    first, second = median(whole) / median(spooled), median(array) / median(single)
    yield Row(
        f"an array of {TASKS:,} `true`, from the start of `gbatch` to the last end", f"{median(whole):,.0f}/s",
        f"task-spooler, fed by a shell loop, {median(spooled):,.0f}/s", f"{first:.2f}", "≥ 1", first >= 1)
    yield Row(
        "the same when all wait, from the free GPUs to the last end", f"{median(array):,.0f}/s",
        f"single jobs of the build before, {median(single):,.0f}/s", f"{second:.2f}", "≥ 0.9", second >= 0.9)


def acknowledged(published):
    many, few = [], []
    with Gflow(published) as gflow:
        gflow.block()
        for _ in range(TURNS):
            many.append(gbatch(gflow, "-g", "1", "--array", f"1-{TASKS}", "true"))
            few.append(gbatch(gflow, "-g", "1", "--array", f"1-{FEW}", "true"))
    each, other = median(many) / TASKS, median(few) / FEW
    yield Row(f"`gbatch --array 1-{TASKS}`, from its start to its end", ms(max(many)), "the slowest of them", "", "≤ 1 s", max(many) <= 1)
    yield Row("a task of it", f"{each * 1e6:.0f} µs", f"of an array of {FEW}, {other * 1e6:.0f} µs", f"{each / other:.2f}", "≤ 2", each <= 2 * other)


def meanwhile(published):
    """gqueue and curl in turns while arrays are submitted without a pause."""
    own, other = [], []
    with Gflow(published) as gflow:
        gflow.block()
        stopped = threading.Event()

        def submit():
            while not stopped.is_set():
                gbatch(gflow, "-g", "1", "--array", f"1-{TASKS}", "true")

        submitter = threading.Thread(target=submit)
        submitter.start()
        curl = [shutil.which("curl"), "-s", "-o", os.devnull, "--unix-socket", gflow.socket, "http://localhost/jobs?state=Queued%2CHold%2CRunning&sum_groups=true"]
        for _ in range(5 * TURNS):
            own.append(processes.timed([gflow.path("gqueue")], gflow.env))
            other.append(processes.timed(curl, gflow.env))
        stopped.set()
        submitter.join()
    ratio = median(own) / median(other)
    yield Row("`gqueue` while arrays are submitted", ms(median(own)), f"curl of the same {ms(median(other))}", f"{ratio:.2f}", "≤ 2", ratio <= 2)


def memory(published):
    with Gflow(published) as gflow:
        gflow.block()
        time.sleep(2)
        none = processes.memory(gflow.daemon.pid)[0]
        for _ in range(WAITING // TASKS):
            array_waiting(gflow)

        # What submitting took is given back within two minutes.
        least = none * 100
        for _ in range(130):
            time.sleep(1)
            least = min(least, processes.memory(gflow.daemon.pid)[0])
            if least - none <= MOST_MIB * 1024:
                break
    more = (least - none) / 1024
    yield Row(f"{WAITING:,} waiting tasks", f"{more:.0f} MiB more", f"none, {none / 1024:.0f} MiB", "", f"≤ {MOST_MIB} MiB", more <= MOST_MIB)


def main(published, result, before=None):
    published = os.path.abspath(published)
    before = os.path.abspath(before or published)
    found = [*rates(published, before), *acknowledged(published), *meanwhile(published), *memory(published)]
    text = "\n".join([
        "# Arrays", "",
        f"Written by `make bench-arrays`. Four simulated GPUs, `-g 1`; fresh homes; medians of {ROUNDS} rounds in turns (rates) and {TURNS} (submissions).",
        "gflow has the submission, start and end of each task on disk, with its events, environment and log; task-spooler keeps a log.", "",
        "| work | gflow | alternative | ratio | bar |", "|---|---|---|---|---|", *map(str, found), ""])
    print(text)
    with open(result, "w", encoding="utf-8") as file:
        file.write(text)
    return 0 if all(row.met for row in found) else 1


sys.exit(main(*sys.argv[1:]))
