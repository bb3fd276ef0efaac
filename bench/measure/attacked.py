"""attacked PUBLISHED RESULT: what a user of a daemon for everybody notices of another who floods it; fails when a bar is missed."""
import json
import os
import resource
import secrets
import socket
import subprocess
import sys
import time

import processes
import shared
import wire
from table import Row, ms, quantile

COMMANDS = 250
TURNS = 4
IDLE, SLOW, STREAMS = 2000, 400, 200
SUBMISSIONS = 100_000
HEAD = "Host: localhost\r\nContent-Type: application/json\r\n"


class People(shared.People):
    """A third user, who attacks."""

    def __init__(self):
        super().__init__()
        self.attacker = f"gfba{secrets.token_hex(4)}"

    def __enter__(self):
        super().__enter__()
        subprocess.run(["useradd", "--no-create-home", self.attacker], check=True)
        return self

    def __exit__(self, *error):
        subprocess.run(["userdel", "--force", self.attacker], stderr=subprocess.DEVNULL, check=False)
        super().__exit__(*error)


class Daemon(shared.Shared):
    def prepare(self):
        super().prepare()
        self.env["GFLOW_QUOTA__DEFAULT_USER__MAX_QUEUED_JOBS"] = "1000000"

    def words(self, user, function, *arguments):
        return [processes.find("setpriv"), "--reuid", user, "--regid", user, "--init-groups", sys.executable, "-B", os.path.abspath(__file__), function, *map(str, arguments)]

    def call(self, function, *arguments):
        """Has the user do something; what it gives."""
        ran = subprocess.run(self.words(self.people.user, function, *arguments), env=self.env, cwd="/", stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise RuntimeError(f"{function}: {ran.stderr}")
        return json.loads(ran.stdout)

    def attack(self, function, *arguments):
        """Begins an attack; goes on when it is under way."""
        process = subprocess.Popen(self.words(self.people.attacker, function, *arguments), env=self.env, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
        if process.stdout.readline() != "begun\n":
            raise RuntimeError(f"{function} did not begin")
        return process

    @property
    def port(self):
        return int(self.ask("GET", "/status")["url"].rsplit(":", 1)[1])


def begun():
    print("begun", flush=True)


def crowd(path, port):
    """Idle connections, slow requests that begin anew when they are cut off, and event streams that nobody reads."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    places = (path, ("127.0.0.1", int(port)))
    beginnings = (b"GET /jobs HTTP/1.1\r\nX-Slow: ", f"POST /jobs HTTP/1.1\r\n{HEAD}Content-Length: 100000\r\n\r\n\"".encode())
    idle = [connect(places[number % 2]) for number in range(IDLE)]
    for number in range(STREAMS):
        stream = connect(places[number % 2])
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stream.sendall(f"GET /events?last_event_id=0 HTTP/1.1\r\n{HEAD}\r\n".encode())
        idle.append(stream)
    slow, under_way = [None] * SLOW, False
    while True:
        for number, connection in enumerate(slow):
            try:
                if connection is None:
                    slow[number] = connection = connect(places[number % 2])
                    connection.sendall(beginnings[number // 2 % 2])
                connection.sendall(b"x")
                connection.recv(1, socket.MSG_DONTWAIT)
                raise ConnectionResetError
            except BlockingIOError:
                pass
            except OSError:
                if slow[number] is not None:
                    slow[number].close()
                slow[number] = None
        if not under_way:
            begun()
            under_way = True
        time.sleep(1)


def connect(where):
    while True:
        try:
            return wire.connect(where)
        except BlockingIOError:
            time.sleep(0.01)


def workers(count, work):
    for _ in range(count):
        if os.fork() == 0:
            work()
            os._exit(0)


def batches(path):
    """All the submissions, a thousand in each request, by eight callers at once."""
    message = wire.request("POST", "/jobs/batch", [{"command": "true", "run_dir": "/", "gpus": 1}] * 1000)

    def work():
        connection = wire.connect(path)
        for _ in range(SUBMISSIONS // 1000 // 8):
            if wire.ask(connection, message)[0] != 201:
                os._exit(1)

    workers(8, work)
    begun()
    for _ in range(8):
        if os.wait()[1]:
            sys.exit(1)


def submitting(path):
    """Submissions by 64 callers who never pause."""
    message = wire.request("POST", "/jobs", {"command": "true", "run_dir": "/", "gpus": 1})
    begun()
    wire.load(path, message, 64, 1 << 40)


def listing(path):
    """Lists of all jobs, asked for by 32 callers who go before they have read much."""
    def work():
        while True:
            connection = wire.connect(path)
            connection.sendall(wire.request("GET", "/jobs"))
            connection.recv(1 << 16)
            connection.close()

    workers(32, work)
    begun()
    os.wait()


def commands(gbatch, count):
    """Seconds that each submit command takes from its start to its end."""
    return [processes.timed([gbatch, "-g", "1", "true"], dict(os.environ)) for _ in range(int(count))]


def requests(path, seconds):
    """Seconds that each of a look and a submission takes, one after the other."""
    connection, until, took = wire.connect(path), time.monotonic() + float(seconds), []
    messages = wire.request("GET", "/jobs?limit=1"), wire.request("POST", "/jobs", {"command": "true", "run_dir": "/", "gpus": 1})
    while time.monotonic() < until:
        for message in messages:
            began = time.perf_counter()
            wire.ask(connection, message)
            took.append(time.perf_counter() - began)
        time.sleep(0.01)
    return took


def crowded(daemon):
    without, beside = [], []
    daemon.call("commands", daemon.path("gbatch"), 20)
    for _ in range(TURNS):
        without += daemon.call("commands", daemon.path("gbatch"), COMMANDS)
        attack = daemon.attack("crowd", daemon.socket, daemon.port)
        beside += daemon.call("commands", daemon.path("gbatch"), COMMANDS)
        end(attack)
    p99 = quantile(without, .99), quantile(beside, .99)
    return Row(
        f"`gbatch` of another user beside {IDLE:,} idle connections, {SLOW} callers that send a byte a second and {STREAMS} event streams that are not read, p99 of {len(beside):,}",
        f"{ms(p99[1])} (p50 {ms(quantile(beside, .5))})", f"without them {ms(p99[0])} (p50 {ms(quantile(without, .5))})", f"{p99[1] / p99[0]:.2f}", "≤ 2", p99[1] <= 2 * p99[0])


def flooded(daemon, name, what, seconds=8):
    quiet = daemon.call("requests", daemon.socket, 3)
    attack = daemon.attack(name, daemon.socket)
    took = daemon.call("requests", daemon.socket, seconds)
    if name != "batches":
        end(attack)
    elif attack.wait():
        raise RuntimeError("submissions were refused")
    p99 = quantile(took, .99)
    return Row(f"requests of another user beside {what}, p99 of {len(took):,}", f"{ms(p99)} (p50 {ms(quantile(took, .5))})", f"without {ms(quantile(quiet, .99))}", f"{p99 / quantile(quiet, .99):.1f}", "≤ 100 ms", p99 <= 0.1)


def end(attack):
    subprocess.run(["pkill", "-KILL", "-U", str(os.stat(f"/proc/{attack.pid}").st_uid)], check=False)
    attack.wait()


def main(published, result):
    published = os.path.abspath(published)
    found = []
    with People() as people, Daemon(published, people) as daemon:
        daemon.call("fill", daemon.socket, "/", "sleep 1000", 4, 1)
        found.append(crowded(daemon))
        found.append(flooded(daemon, "submitting", "64 callers who submit without a pause"))
        found.append(flooded(daemon, "batches", f"{SUBMISSIONS:,} submissions in batches of 1,000 by 8 callers", 4))
        found.append(flooded(daemon, "listing", f"32 callers who ask for the list of more than {SUBMISSIONS:,} jobs and go"))
    text = "\n".join([
        "# Beside somebody who floods the daemon", "",
        f"Written by `make bench-attacked` on {time.strftime('%Y-%m-%d')}: {os.cpu_count()} cores, which attackers, daemon and the other user share. A daemon for everybody, with the usual",
        f"limits but for the jobs that may wait; attacker and user are two users of the machine. Commands in {TURNS} turns of {COMMANDS} with and without.", "",
        "| work | gflow | alternative | ratio | bar |", "|---|---|---|---|---|", *map(str, found), ""])
    print(text)
    with open(result, "w", encoding="utf-8") as file:
        file.write(text)
    return 0 if all(row.met for row in found) else 1


if sys.argv[1] in ("crowd", "batches", "submitting", "listing"):
    globals()[sys.argv[1]](*sys.argv[2:])
elif sys.argv[1] in ("commands", "requests"):
    json.dump(globals()[sys.argv[1]](*sys.argv[2:]), sys.stdout)
elif sys.argv[1] == "fill":
    json.dump(shared.fill(*(int(word) if word.isdigit() else word for word in sys.argv[2:])), sys.stdout)
else:
    sys.exit(main(*sys.argv[1:3]))
