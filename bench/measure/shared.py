"""What it costs that one daemon serves everybody: a submission by another user, and a start that becomes him."""
import json
import os
import pwd
import secrets
import subprocess
import sys

import processes
import running
import wire
from homes import Gflow
from table import Row, median, ms, quantile

RUNS = 60
SUBMISSIONS = 1000
HANDOVERS = 80
TURNS = 4


class People:
    """Two users of this machine, made for the run and removed after it: one to serve, one who submits."""

    def __init__(self):
        mark = secrets.token_hex(4)
        self.server, self.user = f"gfbs{mark}", f"gfbu{mark}"

    def __enter__(self):
        if os.geteuid() != 0:
            raise RuntimeError("the shared daemon is started by root, and so is this measurement: run make bench as root")
        subprocess.run(["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", self.server], check=True)
        subprocess.run(["useradd", "--no-create-home", self.user], check=True)
        return self

    def __exit__(self, *_):
        for user in (self.user, self.server):
            subprocess.run(["userdel", "--force", user], stderr=subprocess.DEVNULL, check=False)


class Shared(Gflow):
    """A daemon for everybody, whose jobs are another user's."""

    def __init__(self, published, people):
        self.people = people
        super().__init__(published, more=f'user = "{people.server}"\n[executor]\nlauncher_socket = "{{root}}/launcher/l.sock"\n')

    def prepare(self):
        os.chmod(self.root, 0o755)
        self.env["GFLOW_DAEMON__USER"] = self.people.server
        self.env["GFLOW_DAEMON__SOCKET"] = self.socket = self.path("run", "d.sock")
        self.env["GFLOW_STORAGE__PATH"] = self.path("data")
        self.arguments = ["--config", self.path("config", "gflow", "gflow.toml")]
        subprocess.run(["chmod", "-R", "go+rX", self.path("config")], check=True)
        os.mkdir(self.path("open"), 0o777)
        os.chmod(self.path("open"), 0o777)

    def as_user(self, *command):
        return [processes.find("setpriv"), "--reuid", self.people.user, "--regid", self.people.user, "--init-groups", *command]

    def call(self, function, *arguments):
        """Runs a function of this file as the other user; what it gives."""
        ran = subprocess.run(
            self.as_user(sys.executable, "-B", os.path.abspath(__file__), function, *map(str, arguments)),
            env=self.env, cwd="/", stdin=subprocess.PIPE, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise RuntimeError(f"{function} as {self.people.user}: {ran.stderr}")
        return json.loads(ran.stdout)


def load(path, root):
    """Submissions by this process's user: a second's, and the seconds of each."""
    job = {"command": "true", "gpus": 1, "run_dir": root, "environment": dict(os.environ)}
    wire.load(path, wire.request("POST", "/jobs", job), 1, 100)
    return wire.load(path, wire.request("POST", "/jobs", job), 1, SUBMISSIONS)


def fill(path, root, command, gpus, jobs):
    """As many jobs of this process's user."""
    job = {"command": command, "gpus": gpus, "run_dir": root, "environment": dict(os.environ)}
    connection = wire.connect(path)
    return wire.ask(connection, wire.request("POST", "/jobs/batch", [job] * jobs))[1][-1]["id"]


def submissions(own, shared):
    """Rates and times of both, in turns."""
    rates, times = ([], []), ([], [])
    for _ in range(3):
        for at, (whole, took) in enumerate((load(own.socket, own.root), shared.call("load", shared.socket, shared.root))):
            rates[at].append(len(took) / whole)
            times[at].extend(took)
    return rates, times


def commands(own, shared):
    """A submit command of the own user, of the other, and what it costs to become him at all."""
    took = ([], [], [], [])
    gbatch = ("-g", "1", "true")
    sudo = [processes.find("sudo"), "-n", "-u", shared.people.user, "true"]
    for _ in range(RUNS + 3):
        took[0].append(processes.timed([own.path("gbatch"), *gbatch], own.env))
        took[1].append(processes.timed(shared.as_user(shared.path("gbatch"), *gbatch), shared.env))
        took[2].append(processes.timed(shared.as_user("true"), shared.env))
        took[3].append(processes.timed(sudo, shared.env))
    return [median(times[3:]) for times in took]


def handovers(own, shared, stamp):
    """Free slot to exec, of the own user's jobs and of the other's, in turns."""
    mine, his = [], []
    for _ in range(TURNS):
        mine += running.gflow_gaps(own, stamp, HANDOVERS // TURNS + 1)
        stamps = shared.path("open", "stamps")
        gate = shared.path("open", "gate")
        blocking = shared.call("fill", shared.socket, "/", f"until [ -e {gate} ]; do sleep 0.01; done", 4, 1)
        processes.wait_until(lambda: shared.ask("GET", f"/jobs/{blocking}")["state"] == "Running", 5, "the blocking job runs")
        last = shared.call("fill", shared.socket, "/", f"{stamp} {stamps}", 4, HANDOVERS // TURNS + 1)
        with open(gate, "w", encoding="ascii"):
            pass
        shared.drained(last)
        os.unlink(gate)
        his += running.gaps(stamps)
    return mine, his


def measure(published, stamp):
    os.chmod(os.path.dirname(stamp), 0o755)
    with People() as people, Gflow(published) as own, Shared(published, people) as shared:
        mine, his = handovers(own, shared, stamp)
        gate = own.block()
        shared.call("fill", shared.socket, "/", "sleep 1000", 4, 1)
        rates, times = submissions(own, shared)
        own_command, his_command, become, sudo = commands(own, shared)
        own.open_gate(gate)
    own_rate, his_rate = map(median, rates)
    started = median(his) - median(mine)
    return "Another user", [
        "A daemon for everybody, started by root and serving as a user of its own, beside root's own daemon: the submitter is another user.",
        f"{SUBMISSIONS:,} submissions three times, {RUNS} commands, {len(his)} hand-overs as above; in turns, medians.",
        "`sudo -u USER true` from its start to its end is what becoming a user costs otherwise; it reads its rules and opens a session, and `setpriv` does neither.",
    ], [
        Row("submissions over HTTP from 1 client, by another user", f"{his_rate:,.0f}/s, p50 {ms(median(times[1]))}", f"own user's daemon {own_rate:,.0f}/s, p50 {ms(median(times[0]))}", f"{his_rate / own_rate:.2f}", "≥ 0.8", his_rate / own_rate >= 0.8),
        Row("`gbatch` as another user, without the change of user itself", ms(his_command - become), f"`gbatch` to the own user's daemon {ms(own_command)}", f"{(his_command - become) / own_command:.2f}"),
        Row("`gbatch` as another user, with it", ms(his_command), f"`sudo -u` of `true` {ms(sudo)}", f"{his_command / sudo:.2f}"),
        Row("free slot to exec of another user's job, p50", ms(median(his)), f"own user's {ms(median(mine))}", f"{median(his) / median(mine):.2f}"),
        Row("the same, p99", ms(quantile(his, .99)), f"own user's {ms(quantile(mine, .99))}", f"{quantile(his, .99) / quantile(mine, .99):.2f}"),
        Row("what a start takes longer for the change of user", ms(max(started, 0)), f"`sudo -u` of `true` {ms(sudo)}", f"{max(started, 0) / sudo:.2f}", "< 1", started < sudo),
    ]


if __name__ == "__main__":
    name, *words = sys.argv[1:]
    json.dump({"load": load, "fill": fill}[name](*(int(word) if word.isdigit() else word for word in words)), sys.stdout)
