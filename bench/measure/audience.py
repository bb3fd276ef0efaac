"""Those who are told: a receiver that notes when what came, and the configuration and the load that make gflowd tell it."""
import os
import select
import sqlite3
import subprocess
import time
from dataclasses import dataclass

import wire


@dataclass
class Told:
    """One request as it came; the instant in seconds of the monotonic clock, the status 0 when it was left without an answer."""
    at: float
    path: str
    status: int
    id: str
    job: int
    sequence: int


class Receiver:
    """The receiver in receiver.c, in a process of its own."""

    program = None

    def __init__(self, file, *mode):
        self.file = file
        self.process = subprocess.Popen([self.program, file, *mode], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline())

    def url(self, path):
        return f"http://127.0.0.1:{self.port}/{path}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def end(self):
        """What came, in order."""
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(10)
            self.process.stdout.close()
        with open(self.file, encoding="ascii") as lines:
            split = map(str.split, lines)
            return [Told(int(at) / 1e9, path, int(status), id, int(job), int(sequence)) for at, path, status, id, job, sequence in split]


def webhooks(urls, more="", shared=""):
    """A configuration with one webhook an URL, named t0, t1, ..."""
    parts = [f'[notifications]\nenabled = true\n{shared}']
    parts += [f'[[notifications.webhooks]]\nname = "t{number}"\nurl = "{url}"\n{more}' for number, url in enumerate(urls)]
    return "\n" + "\n".join(parts)


def waiting_jobs(gflow):
    """Takes all GPUs; returns the request for a job that waits, and whose submission is one event."""
    gflow.block()
    return wire.request("POST", "/jobs", {"command": "true", "gpus": 4, "run_dir": "/", "environment": {}})


def paced(path, messages, rate, clients=32):
    """Sends so many requests a second, each at its time: for each when it was sent and answered, and the answer's bytes."""
    connections = [wire.connect(path) for _ in range(clients)]
    events, free, busy, done = select.epoll(), list(connections), {}, []
    for connection in connections:
        events.register(connection.fileno(), select.EPOLLIN)
    start, sent = time.monotonic() + 0.1, 0
    while len(done) < len(messages):
        due = start + sent / rate if sent < len(messages) else None
        if due is not None and free and time.monotonic() >= due:
            connection = free.pop()
            busy[connection.fileno()] = [connection, time.monotonic(), b""]
            connection.sendall(messages[sent])
            sent += 1
            continue
        wait = 1 if due is None or not free else max(0, due - time.monotonic())
        for number, _ in events.poll(wait):
            entry = busy[number]
            entry[2] += entry[0].recv(65536)
            if wire.complete(entry[2]):
                done.append((entry[1], time.monotonic(), entry[2]))
                free.append(entry[0])
                del busy[number]
    events.close()
    for connection in connections:
        connection.close()
    return done


def job_of(answer):
    at = answer.index(b'"id":') + 5
    return int(answer[at:answer.index(b",", at)])


def settled(gflow, seconds, besides=()):
    """Waits until nothing is left to deliver, and says how long ago the last look was not."""
    end = time.monotonic() + seconds
    others = "".join(f" AND target <> '{name}'" for name in besides)
    while time.monotonic() < end:
        store = sqlite3.connect(f"file:{gflow.database}?mode=ro", uri=True)
        left = store.execute(f"SELECT count(*) FROM delivery WHERE state = 0{others}").fetchone()[0]
        store.close()
        if left == 0:
            return
        time.sleep(0.2)
    raise RuntimeError(f"{left} deliveries are left after {seconds} s")


def processor(pid):
    """Seconds of processor time so far."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
