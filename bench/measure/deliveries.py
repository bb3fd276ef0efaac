"""deliveries PUBLISHED RESULT: pages of 100,000 deliveries beside the same rows read from the file; fails when a bar is missed."""
import getpass
import os
import sqlite3
import sys
import time

from homes import Gflow
from table import Row, median, ms

JOBS = 33_400
TARGETS = 3
BATCH = 1000
TURNS = 15
BAR = 0.050

CONFIGURATION = "\n[notifications]\nenabled = true\n" + "".join(
    f'[[notifications.webhooks]]\nname = "hook{number}"\nurl = "http://127.0.0.1:9/{number}"\n' for number in range(TARGETS))


def fill(gflow):
    """Three paused targets are told of held jobs; then most of it is delivered, some given up, and the rest waits."""
    for number in range(TARGETS):
        gflow.ask("POST", f"/notifications/targets/hook{number}/pause")
    for first in range(0, JOBS, BATCH):
        gflow.ask("POST", "/jobs/batch", [gflow.job("true", 0) | {"hold": True}] * min(BATCH, JOBS - first))
    gflow.stop()
    with sqlite3.connect(gflow.database) as store:
        store.execute("UPDATE delivery SET state = 1, settled_at = next_at WHERE seq % 5 IN (1, 2, 3)")
        store.execute("UPDATE delivery SET state = 2, settled_at = next_at, reason = 'HTTP 400: no such channel' WHERE seq % 5 = 4")
    store.close()
    gflow.start()


def main(published, result):
    user = getpass.getuser()
    with Gflow(os.path.abspath(published), more=CONFIGURATION) as gflow:
        fill(gflow)
        store = sqlite3.connect(f"file:{gflow.database}?mode=ro", uri=True)
        count = store.execute("SELECT count(*) FROM delivery").fetchone()[0]
        event = store.execute("SELECT uid FROM event ORDER BY seq LIMIT 1 OFFSET 500").fetchone()[0]
        columns = "SELECT d.seq, e.uid, e.type, e.at, e.job, e.user, d.target, d.recipient, d.state, d.reason FROM delivery d JOIN event e ON e.seq = d.event"
        pages = {
            "newest 100": ("", ""),
            "newest 1000": ("limit=1000", ""),
            "100 before the middle": (f"before={count // 2}", f"WHERE d.seq < {count // 2}"),
            "of a target": ("target=hook1", "WHERE d.target = 'hook1'"),
            "that wait": ("state=waiting", "WHERE d.state = 0"),
            "that were given up": ("state=dead", "WHERE d.state = 2"),
            "that were cancelled: none": ("state=cancelled", "WHERE d.state = 3"),
            "of a target, cancelled: none": ("target=hook1&state=cancelled", "WHERE d.target = 'hook1' AND d.state = 3"),
            "of a user": (f"user={user}", f"WHERE e.user = '{user}'"),
            "of a user, cancelled: none": (f"user={user}&state=cancelled", f"WHERE e.user = '{user}' AND d.state = 3"),
            "of a user, that wait": (f"user={user}&state=waiting", f"WHERE e.user = '{user}' AND d.state = 0"),
            "of somebody unknown, that wait: none": ("user=nobody-here&state=waiting", "WHERE e.user = 'nobody-here' AND d.state = 0"),
            "of somebody unknown, given up: none": ("user=nobody-here&state=dead", "WHERE e.user = 'nobody-here' AND d.state = 2"),
            "of somebody unknown: none": ("user=nobody-here", "WHERE e.user = 'nobody-here'"),
            "of a job": ("job=500", "WHERE e.job = 500"),
            "of an event": (f"event={event}", f"WHERE e.uid = '{event}'"),
            "since an hour": (f"since={int(time.time()) - 3600}", f"WHERE e.at >= {(int(time.time()) - 3600) * 1000}"),
            "of a target that wait, since an hour": (f"target=hook1&state=waiting&since={int(time.time()) - 3600}", "WHERE d.target = 'hook1' AND d.state = 0"),
        }
        rows = []
        for work, (query, condition) in pages.items():
            limit = 1000 if "limit=1000" in query else 100
            own, other = [], []
            for _ in range(TURNS):
                began = time.perf_counter()
                gflow.ask("GET", f"/notifications/deliveries?{query}")
                own.append(time.perf_counter() - began)
                began = time.perf_counter()
                store.execute(f"{columns} {condition} ORDER BY d.seq DESC LIMIT {limit}").fetchall()
                other.append(time.perf_counter() - began)
            took, beside = median(own), median(other)
            rows.append(Row(work, ms(took), f"sqlite3 {ms(beside)}", f"{took / beside:.2f}", f"≤ {BAR * 1e3:.0f} ms", took <= BAR))
        store.close()
    text = "\n".join([
        f"# Pages of {count:,} deliveries", "",
        f"Written by `make bench-deliveries`. `GET /notifications/deliveries` over one connection, beside Python's sqlite3 reading the same rows from the",
        f"file, {TURNS} times each in turns: medians.", "",
        "| deliveries | gflow | alternative | ratio | bar |", "|---|---|---|---|---|", *map(str, rows), ""])
    print(text)
    with open(result, "w", encoding="utf-8") as file:
        file.write(text)
    return 0 if all(row.met for row in rows) else 1


sys.exit(main(*sys.argv[1:3]))
