"""A disk that is full, and a configuration that is read again and again."""
import os
import signal
import sqlite3
import subprocess
import time

import wire
from audience import Receiver, job_of, paced, settled, waiting_jobs, webhooks
from delivering import scratch
from homes import Gflow
from table import numbered

UNTOLD = """
    SELECT (SELECT count(*) FROM job WHERE NOT EXISTS (SELECT 1 FROM event WHERE event.job = job.id AND payload ->> '$.job.revision' = job.revision))
        + (SELECT count(*) FROM event WHERE event.job IS NOT NULL AND NOT EXISTS (SELECT 1 FROM job WHERE job.id = event.job))"""


def full_disk(published, tools, _):
    what, bar = "submissions on an 8 MiB file system until it is full, and after space was made, without a restart", "refused with a clear problem, no state without its event, goes on by itself"
    image, mounted = f"{tools}/disk", f"{tools}/mounted"
    os.mkdir(mounted)
    with open(image, "wb") as file:
        file.truncate(8 << 20)
    subprocess.run(["mkfs.ext4", "-q", image], check=True)
    mount = subprocess.run(["mount", "-o", "loop", image, mounted], capture_output=True, text=True, check=False)
    if mount.returncode != 0:
        return [numbered("D7", what, f"not measured: {mount.stderr.strip()}", "", "", bar, False)]
    try:
        with open(f"{mounted}/ballast", "wb") as file:
            file.write(bytes(3 << 20))
        with Receiver(scratch(tools)) as receiver, Gflow(published, more=f'[storage]\npath = "{mounted}/data"\nmin_free_mb = 0\n' + webhooks([receiver.url("t0")])) as gflow:
            gflow.block()
            job = wire.request("POST", "/jobs", {"command": f"true {'x' * 2000}", "gpus": 4, "run_dir": "/", "environment": {}})
            accepted = 1
            while (answer := wire.ask(gflow.connection, job))[0] == 201 and accepted < 50_000:
                accepted += 1
            status, problem = answer[0], answer[1]
            os.unlink(f"{mounted}/ballast")
            end, again = time.monotonic() + 20, 0
            while again != 201 and time.monotonic() < end:
                again = wire.ask(gflow.connection, job)[0]
                time.sleep(0.1)
            gflow_database = f"{mounted}/data/gflow.db"
            time.sleep(3)
            gflow.stop()
            store = sqlite3.connect(gflow_database)
            untold = store.execute(UNTOLD).fetchone()[0]
            jobs = store.execute("SELECT count(*) FROM job").fetchone()[0]
            store.close()
        told = {request.job for request in receiver.end()}
    finally:
        subprocess.run(["umount", "-l", mounted], check=True)
    met = status == 503 and again == 201 and untold == 0 and jobs == accepted + 1
    return [numbered("D7", what, f"{accepted:,} accepted, then {status} `{problem['error'] if 'error' in problem else problem}`; {untold} states without event; {len(told):,} told; accepted again: {'yes' if again == 201 else 'no'}", "", "", bar, met)]


def reloads(published, tools, _):
    rate, seconds, count = 200, 20, 1000
    with Receiver(scratch(tools)) as receiver, Gflow(published, more=webhooks([receiver.url("t0")])) as gflow:
        job = waiting_jobs(gflow)
        pid = os.fork()
        if pid == 0:
            for _ in range(count):
                os.kill(gflow.daemon.pid, signal.SIGHUP)
                time.sleep(seconds / count)
            os._exit(0)
        done = paced(gflow.socket, [job] * (rate * seconds), rate)
        os.waitpid(pid, 0)
        settled(gflow, 30)
        told = receiver.end()
    wanted = {job_of(answer) for _, _, answer in done}
    came = [request.job for request in told if request.job in wanted]
    lost, twice = len(wanted - set(came)), len(came) - len(set(came))
    return [numbered("B7", f"SIGHUP {count:,} times in {seconds} s under {rate} events/s", f"{lost} lost, {twice} twice of {len(wanted):,}", "", "", "0 lost, 0 twice", lost == 0 and twice == 0)]
