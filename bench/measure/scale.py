"""What grows with the queue or with the history, and what must not."""
import os
import sqlite3
import subprocess
import tempfile
import time

import processes
from homes import Gflow, Spooler
from running import gflow_gaps
from table import Row, median, ms, quantile

HISTORY = 100_000
CASES = {
    "NothingFree": "all GPUs busy",
    "OneFree": "one GPU free, all ask for one",
    "AllWantTheWholeMachine": "one GPU busy, all ask for the whole machine",
    "MixedSizes": "half the machine free, sizes one to all",
}


def planner(program):
    with tempfile.NamedTemporaryFile("r", prefix="gflow-bench-") as output:
        # It builds in memory and says much; only its figures are wanted, and its words when it fails.
        run = subprocess.run([program, output.name], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if run.returncode != 0:
            raise RuntimeError(run.stdout[-3000:] + run.stderr)
        took = {tuple(line.split()[:4]): int(line.split()[4]) / 1e9 for line in output}
    rows = []
    for case, words in CASES.items():
        for queued in (1_000, 10_000, 100_000):
            for classes in (1, 100, 5_000):
                own, other = (took[case, str(queued), str(classes), method] for method in ("Planned", "SortAndWalk"))
                rows.append(Row(
                    f"{queued:,} queued of {classes:,} users, {words}", us(own), f"sort and walk {us(other)}", f"{own / other:.4f}",
                    *(("< 2 ms", own < 0.002) if (queued, classes) == (10_000, 100) else ())))
    return "Planner", [
        "One full pass, eight GPUs of two models, sixteen priorities; each user wants any cards, a model, a least memory or certain indices.",
        "Against sorting the queued jobs and walking along them, same language, same run, same result (checked). BenchmarkDotNet, medians.",
    ], rows


def us(seconds):
    return f"{seconds * 1e6:,.1f} µs"


def memory_and_history(published, stamp):
    rows = []
    with Gflow(published) as fresh, Gflow(published) as old, Spooler(4) as spooler:
        time.sleep(2)
        tsp = processes.memory(spooler.server)
        rows.append(Row("gflowd, idle after start", kib(processes.memory(fresh.daemon.pid)), f"task-spooler's server {kib(tsp)}"))
        rows.append(Row("gflow-launcher, idle", kib(processes.memory(fresh.launcher)), f"task-spooler's server {kib(tsp)}"))
        gflow_gaps(old, stamp, 2)
        old.stop()
        fill(old.database)
        # Both begin anew, so that what is compared differs in the history alone.
        fresh.stop()
        fresh.start()
        old.start()
        time.sleep(2)
        with_history, without = processes.memory(old.daemon.pid), processes.memory(fresh.daemon.pid)
        more = (with_history[0] - without[0]) / 1024
        rows.append(Row(
            f"gflowd with {HISTORY:,} finished jobs in the history, idle after start",
            kib(with_history), f"gflowd without history {kib(without)}", f"{with_history[0] / without[0]:.2f}", "≤ 10 MB more", more <= 10))
        own, other = [], []
        for home in (old, fresh):
            gflow_gaps(home, stamp, 20)
        for turn in range(8):
            # Who goes first changes, or the one would always find the disk as the other left it.
            for home, found in ((old, own), (fresh, other))[::1 if turn % 2 else -1]:
                found += gflow_gaps(home, stamp, 41)
        ratio = median(own) / median(other)
        rows.append(Row(
            f"free slot to exec with {HISTORY:,} finished jobs, p50 / p99 of {len(own)}",
            pair(own), f"gflowd without history {pair(other)}", f"{ratio:.2f}", "≤ 1.15", ratio <= 1.15))
        rows.append(Row("gflowd with history, after these jobs", kib(processes.memory(old.daemon.pid)), f"gflowd without, after the same {kib(processes.memory(fresh.daemon.pid))}"))
    return "Memory, and what the history costs", [
        "Resident / proportional set size. The history is made from a finished job's own rows, with its three events.",
    ], rows


def kib(sizes):
    return f"{sizes[0] / 1024:.1f} / {sizes[1] / 1024:.1f} MiB"


def pair(values):
    return f"{ms(median(values))} / {ms(quantile(values, .99))}"


def fill(path):
    """Copies the newest finished job, with its events, until the history is long."""
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA synchronous = OFF")
    jobs = database.execute("SELECT MAX(id) FROM job").fetchone()[0]
    events = database.execute("SELECT MAX(seq) FROM event").fetchone()[0]
    per_job = database.execute("SELECT COUNT(*) FROM event WHERE job = ?", (jobs,)).fetchone()[0]
    database.executescript(f"""
        BEGIN;
        CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {HISTORY}) SELECT i FROM n;
        INSERT INTO event (seq, uid, type, at, job, user, stream_type, frame, payload)
            SELECT {events} + (i - 1) * {per_job} + row_number() OVER (PARTITION BY i ORDER BY seq), uid || '-' || i, type, at, {jobs} + i, user, stream_type, frame, payload
            FROM n, event WHERE job = {jobs};
        INSERT INTO job (id, user, uid, state, attempt, revision, submitted_at, spec, status)
            SELECT {jobs} + i, user, uid, state, attempt, revision, submitted_at, spec, status FROM n, job WHERE id = {jobs};
        COMMIT;
        PRAGMA wal_checkpoint(TRUNCATE);
    """)
    database.close()
    os.sync()
