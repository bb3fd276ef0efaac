"""What is left when the power goes: all that was not synced is dropped, and the daemon started on the rest."""
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import time

import wire
from audience import Receiver, settled, waiting_jobs, webhooks
from delivering import scratch
from homes import Gflow
from table import numbered

LOSSES, CLIENTS, SEED = 20, 8, 17


def loss(published, tools, _):
    library = os.path.join(tools, "power.so")
    subprocess.run(["gcc", "-O2", "-shared", "-fPIC", "-o", library, os.path.join(os.path.dirname(__file__), "power.c"), "-ldl"], check=True)
    acknowledged, missing, unsynced, chance = set(), 0, 0, random.Random(SEED)
    with Receiver(scratch(tools)) as receiver:
        with Gflow(published, more=webhooks([receiver.url("t0")]), preload=library) as gflow:
            message = waiting_jobs(gflow)
            for _ in range(LOSSES):
                clients = [threading.Thread(target=submit, args=(gflow.socket, message, acknowledged)) for _ in range(CLIENTS)]
                for client in clients:
                    client.start()
                time.sleep(chance.uniform(0.2, 0.8))
                gflow.stop(signal.SIGKILL)
                for client in clients:
                    client.join()
                unsynced += forget(gflow.database)
                gflow.start()
                missing += len(acknowledged - stored(gflow))
            settled(gflow, 30)
            known = stored(gflow)
        told = {request.job for request in receiver.end() if request.job}  # the daemon tells of itself, too
    untold, unknown = len(acknowledged - told), len(told - known)
    return [numbered("D4", f"the power lost {LOSSES} times under submissions from {CLIENTS} clients: all unsynced writes dropped ({unsynced:,} bytes), the daemon started on the rest",
                     f"{len(acknowledged):,} acknowledged, {missing} missing; {untold} never told; {unknown} told and unknown", "", "", "0, 0, 0", acknowledged and missing + untold + unknown == 0)]


def submit(path, message, acknowledged):
    try:
        connection = wire.connect(path)
        while True:
            status, answer = wire.ask(connection, message)
            if status == 201:
                acknowledged.add(answer["id"])
    except (OSError, RuntimeError):
        pass


def stored(gflow):
    store = sqlite3.connect(f"file:{gflow.database}?mode=ro", uri=True)
    jobs = {id for id, in store.execute("SELECT job.id FROM job JOIN event ON event.job = job.id")}
    store.close()
    return jobs


def forget(database):
    """Puts what was synced in the place of what was written, and says how many bytes were only written."""
    lost = 0
    for path in (database, f"{database}-wal"):
        durable = f"{path}.durable"
        if not os.path.exists(durable):
            lost += os.path.exists(path) and os.path.getsize(path)
            open(path, "wb").close()
            continue
        with open(path, "rb") as written, open(durable, "rb") as synced:
            one, other = written.read(), synced.read()
        lost += sum(one[at:at + 4096] != other[at:at + 4096] for at in range(0, max(len(one), len(other)), 4096)) * 4096
        shutil.copyfile(durable, path)
    if os.path.exists(f"{database}-shm"):
        os.unlink(f"{database}-shm")
    return lost
