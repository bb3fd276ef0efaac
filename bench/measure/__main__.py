"""measure PUBLISHED BENCHMARKS RESULT: takes all measurements, prints the table and writes it to the file."""
import os
import signal
import subprocess
import sys
import tempfile
import time

import clients
import processes
import running
import scale
import shared
from table import render


def main(published, benchmarks, result):
    published = os.path.abspath(published)
    load = os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="gflow-bench-") as tools:
        stamp = os.path.join(tools, "stamp")
        compiler = "gcc" if processes.shutil.which("gcc") else "clang"
        subprocess.run([compiler, "-O2", "-o", stamp, os.path.join(os.path.dirname(__file__), "stamp.c")], check=True)
        sections = []
        for name, measure in (
            ("startup", lambda: clients.startup(published)),
            ("submission", lambda: clients.submission(published)),
            ("free slot to exec", lambda: running.handover(published, stamp)),
            ("another user", lambda: shared.measure(published, stamp)),
            ("jobs a second", lambda: running.throughput(published)),
            ("planner", lambda: scale.planner(benchmarks)),
            ("memory and history", lambda: scale.memory_and_history(published, stamp))):
            if len(sys.argv) > 4 and sys.argv[4] not in name:
                continue
            began = time.monotonic()
            print(f"{name}...", end=" ", file=sys.stderr, flush=True)
            sections.append(measure())
            print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)
    table = render(sections, {
        "load": load,
        "gflow": version([os.path.join(published, "gflowd"), "--version"]),
        "tsp": version(["tsp", "-V"]),
    })
    print(table)
    os.makedirs(os.path.dirname(result), exist_ok=True)
    with open(result, "w", encoding="utf-8") as file:
        file.write(table)
    missed = [row.work for _, _, rows in sections for row in rows if not row.met]
    for work in missed:
        print(f"missed: {work}", file=sys.stderr)
    return 1 if missed else 0


def version(command):
    words = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout.split()
    return next(word for word in words if word.strip("v")[:1].isdigit()).strip("v")


# Told to stop, it still takes down what it has put up.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
sys.exit(main(*sys.argv[1:4]))
