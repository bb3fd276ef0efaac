"""notify.py PUBLISHED RESULT [PART]: measures how notifications are delivered, prints the table and writes it to the file."""
import datetime
import os
import platform
import re
import signal
import subprocess
import sys
import tempfile
import time
import traceback

import alertmanager
import delivering
import isolation
import mails
import power
import proofs
import trouble
from audience import Receiver

PARTS = (
    ("order", delivering.order, None),
    ("power", power.loss, None),
    ("full disk", trouble.full_disk, None),
    ("reloads", trouble.reloads, None),
    ("hand-off", delivering.hand_off, alertmanager.hand_off),
    ("throughput", delivering.throughput, alertmanager.throughput),
    ("accept", delivering.accept, None),
    ("mails", mails.mails, alertmanager.mails),
    ("idle", delivering.idle, None),
    ("isolation", isolation.hanging, alertmanager.hanging),
    ("slow mail", isolation.slow_mail, None),
    ("dead target", isolation.dead, None),
    ("memory", delivering.memory, alertmanager.memory),
    ("proofs", proofs.prove, None),
)

UNMEASURED = (
    ("D1", "200,000 deliveries through 200 kills: `make soak`, in soak.md"),
    ("D8, B8, B9, B11, B12", "digests, presets and the views of deliveries are not in this version"),
    ("B6", "form of mails: `MailFormTests` in `make e2e`"),
)


def main(published, result, wanted=""):
    published, load = os.path.abspath(published), os.getloadavg()[0]
    rows, broken = [], []
    with tempfile.TemporaryDirectory(prefix="gflow-bench-") as tools:
        Receiver.program = os.path.join(tools, "receiver")
        subprocess.run(["gcc", "-O2", "-o", Receiver.program, os.path.join(os.path.dirname(__file__), "receiver.c")], check=True)
        rest = [("rest", delivering.Rest(published, tools).first, None)] if wanted in "rest" else []
        for name, measure, rival in (*PARTS, *rest):
            if wanted in name:
                began = time.monotonic()
                print(f"{name}...", end=" ", file=sys.stderr, flush=True)
                try:
                    rows += measure(published, tools, rival and alertmanager.PROGRAM and (lambda *how, rival=rival: rival(tools, *how)))
                except Exception:
                    # The others' minutes are not to be lost with it.
                    traceback.print_exc()
                    broken.append(name)
                print(f"{time.monotonic() - began:.0f} s, load {os.getloadavg()[0]:.1f}", file=sys.stderr)
    table = render(sorted(rows, key=place), broken, load)
    print(table)
    with open(result, "w", encoding="utf-8") as file:
        file.write(table)
    return 1 if broken or not all(row.met for row in rows) else 0


def place(row):
    letter, number = re.match(r"([A-Z])(\d+)", row.number).groups()
    return "DSIB".index(letter), int(number)


def render(rows, broken, load):
    now = datetime.datetime.now(datetime.timezone.utc)
    lines = [
        "# Notifications",
        "",
        "Written by `make bench-notify`. The published programs, their receivers and the load share the machine; absolute figures move with",
        "it and with its disk. A row that has a bar is met or missed; what is \"reported\" has no verdict. Alertmanager keeps nothing on disk",
        "before it sends.",
        "",
        "| date | cores | load before / after | kernel |",
        "|---|---|---|---|",
        f"| {now:%Y-%m-%d %H:%M} UTC | {os.cpu_count()} | {load:.1f} / {os.getloadavg()[0]:.1f} | {platform.release()} |",
        "",
        "| row | what | gflow | beside | ratio | bar |",
        "|---|---|---|---|---|---|",
        *map(line, rows),
        "",
        "Not measured here:",
        "",
        *(f"- the part \"{name}\": **it broke**" for name in broken),
        *(f"- {number}: {why}" for number, why in UNMEASURED),
    ]
    return "\n".join(lines) + "\n"


def line(row):
    verdict = row.bar and (row.bar if row.bar.startswith("reported") else f"{row.bar}: {'met' if row.met else '**missed**'}")
    return f"| {row.number} | {row.work} | {row.gflow} | {row.alternative} | {row.ratio} | {verdict} |"


# Told to stop, it still takes down what it has put up.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
sys.exit(main(*sys.argv[1:]))
