"""What a person waits for: the start of a client, the answer to a submission."""
import os
import sqlite3
import time

import processes
import wire
from homes import Gflow, Spooler
from table import Row, median, ms, quantile

RUNS = 60
SUBMISSIONS = 3000


def startup(published):
    path = "/jobs?state=Queued%2CHold%2CRunning&user=" + os.popen("id -un").read().strip()
    own, other = [], []
    with Gflow(published) as gflow:
        curl = [processes.find("curl"), "-s", "-o", os.devnull, "--unix-socket", gflow.socket, "http://localhost" + path]
        for _ in range(RUNS + 3):
            own.append(processes.timed([gflow.path("gqueue")], gflow.env))
            other.append(processes.timed(curl, gflow.env))
    own, other = own[3:], other[3:]
    ratio = median(own) / median(other)
    return "Client start-up", [
        f"A process from its start to its end, the queue empty, {RUNS} runs of each in turns; least / median / most.",
    ], [
        Row("`gqueue` against `curl --unix-socket` of the same endpoint", spread(own), f"curl {spread(other)}", f"{ratio:.2f}", "≤ 0.9", ratio <= 0.9),
    ]


def spread(values):
    return f"{min(values) * 1e3:.1f} / {median(values) * 1e3:.1f} / {max(values) * 1e3:.1f} ms"


def submission(published):
    rows = []
    with Gflow(published) as gflow:
        gate = gflow.block()
        job = wire.request("POST", "/jobs", gflow.job("true", 1))
        wire.load(gflow.socket, job, 1, 200)
        commits, one, many = [], [], []
        for _ in range(3):
            commits.append(commit_rate(gflow.path(f"plain{len(commits)}.db"), SUBMISSIONS // 3))
            one.append(wire.load(gflow.socket, job, 1, SUBMISSIONS // 3))
            many.append(wire.load(gflow.socket, job, 32, SUBMISSIONS))
        bare = median(commits)
        for clients, runs in ((1, one), (32, many)):
            rate = median([len(took) / whole for whole, took in runs])
            times = [seconds for _, took in runs for seconds in took]
            rows.append(Row(
                f"submissions over HTTP from {clients} client{'s' if clients > 1 else ''} on kept connections, acknowledged after the commit",
                f"{rate:,.0f}/s, p50 {ms(median(times))}, p99 {ms(quantile(times, .99))}",
                f"bare SQLite commits {bare:,.0f}/s",
                f"{rate / bare:.2f}"))
        gflow.ask("GET", "/health")
        gflow.open_gate(gate)
        # What is queued need not run: the home is torn down around it.

    own, other = [], []
    with Gflow(published) as gflow, Spooler(4) as spooler:
        for _ in range(RUNS):
            own.append(processes.timed([gflow.path("gbatch"), "-g", "1", "true"], gflow.env))
            time.sleep(0.02)
            other.append(processes.timed([spooler.program, "true"], spooler.env))
            time.sleep(0.02)
    rows.append(Row(
        "a submit command from its start to its end, machine idle; `gbatch` keeps the job through a crash, `tsp` in memory only",
        f"gbatch {spread(own)}",
        f"tsp {spread(other)}",
        f"{median(own) / median(other):.2f}"))
    return "Submission with durable acknowledgement", [
        "Bare commits: the system's SQLite through Python, WAL and synchronous=FULL as gflowd has it, one row a commit, same disk,",
        "in turns with the submissions (three times each, medians). Each submission brings its environment and takes two rows.",
    ], rows


def commit_rate(path, count):
    """Commits a second of one small row each."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA synchronous = FULL")
    database.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
    began = time.perf_counter()
    for _ in range(count):
        database.execute("INSERT INTO plain (text) VALUES ('one row a commit')")
    took = time.perf_counter() - began
    database.close()
    return count / took
