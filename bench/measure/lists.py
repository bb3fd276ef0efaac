"""lists PUBLISHED RESULT: lists of 10,000 jobs beside curl fetching the same data; fails when a bar is missed."""
import getpass
import os
import sys
import time

import processes
from homes import Gflow
from table import Row, median, ms

JOBS = 10_000
BATCH = 1000
TURNS = 9
MOST_MIB = 64


def measured(argv, env):
    """Seconds from the start of a command to its end, and its largest resident size in MiB."""
    began = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, env, file_actions=processes.QUIET)
    _, status, usage = os.wait4(pid, 0)
    took = time.perf_counter() - began
    if status != 0:
        raise RuntimeError(f"{' '.join(argv)} failed with status {status}")
    return took, usage.ru_maxrss / 1024


def queue(gflow):
    """Jobs as a sweep makes them, none of which can start."""
    gflow.block()
    for first in range(0, JOBS, BATCH):
        gflow.ask("POST", "/jobs/batch", [
            gflow.job(f"python train.py --lr 0.{number} --data /data/set{number % 17} --epochs 100", 1) | {"name": f"train-model-{number}"}
            for number in range(first, first + BATCH)])


def chain(gflow):
    """Each job waits for the one before it."""
    last = gflow.ask("POST", "/jobs", gflow.job("true", 0) | {"hold": True})["id"]
    for _ in range(JOBS - 1):
        last = gflow.ask("POST", "/jobs", gflow.job("true", 0) | {"depends_on_ids": [last]})["id"]


def compare(published, fill, commands):
    """For each command its own figures and those of curl, in turns."""
    user = getpass.getuser()
    with Gflow(published) as gflow:
        fill(gflow)
        curl = [processes.find("curl"), "-s", "-o", os.devnull, "--unix-socket", gflow.socket]
        figures = {command: ([], []) for command in commands}
        for _ in range(TURNS):
            for command, (own, other) in figures.items():
                own.append(measured([gflow.path("gqueue"), *command.split()[1:]], gflow.env))
                states = "" if " -a" in command else "state=Queued%2CHold%2CRunning&"
                other.append(measured([*curl, f"http://localhost/jobs?{states}user={user}"], gflow.env))
    return figures


def rows(figures, bar):
    for command, (own, other) in figures.items():
        took, beside = median([seconds for seconds, _ in own]), median([seconds for seconds, _ in other])
        size = max(mib for _, mib in own)
        said, met = bar(took, beside)
        yield Row(f"`{command}`", f"{ms(took)}, {size:.0f} MiB", f"curl {ms(beside)}", f"{took / beside:.2f}", f"{said}, ≤ {MOST_MIB} MiB", met and size <= MOST_MIB)


def main(published, result):
    published = os.path.abspath(published)
    found = [
        *rows(compare(published, queue, ["gqueue", "gqueue --json", "gqueue -a"]), lambda took, beside: ("≤ 2", took <= 2 * beside)),
        *rows(compare(published, chain, ["gqueue -t"]), lambda took, _: ("≤ 1 s", took <= 1)),
    ]
    text = "\n".join([
        f"# Lists of {JOBS:,} jobs", "",
        f"Written by `make bench-lists`. The commands beside `curl --unix-socket` of the same jobs, {TURNS} runs of each in turns: medians of the time from",
        "start to end, the largest resident size of any run. The last row is of a chain in which each job waits for the one before it.", "",
        "| work | gflow | alternative | ratio | bar |", "|---|---|---|---|---|", *map(str, found), ""])
    print(text)
    with open(result, "w", encoding="utf-8") as file:
        file.write(text)
    return 0 if all(row.met for row in found) else 1


sys.exit(main(*sys.argv[1:3]))
