"""The two programs that are compared, each in a temporary home of its own."""
import atexit
import getpass
import os
import shlex
import shutil
import signal
import subprocess
import tempfile

import processes
import wire


class Home:
    """A temporary directory, the environment of those who work in it, and the end of everything that was started in it."""

    def __init__(self, program):
        self.root = tempfile.mkdtemp(prefix=f"gflow-bench-{program}-")
        # Not before the end of the run: a file system that has just deleted thousands of files is slow to create the next
        # one's, and whoever comes second would pay for it.
        atexit.register(shutil.rmtree, self.root, ignore_errors=True)
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(("GFLOW_", "TS_", "XDG_"))}
        self.env |= {"HOME": self.root, "TMPDIR": self.path("tmp")}
        os.mkdir(self.path("tmp"))

    def path(self, *parts):
        return os.path.join(self.root, *parts)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()
        processes.end(list(processes.naming(self.root)))

    def close(self):
        pass

    def gate(self):
        """A file that a job can wait for."""
        path = self.path(f"gate{len(os.listdir(self.root))}")
        os.mkfifo(path)
        return path

    @staticmethod
    def open_gate(path):
        os.close(os.open(path, os.O_WRONLY))


class Gflow(Home):
    """A published gflowd with simulated GPUs, and with what else the configuration is to say."""

    def __init__(self, published, gpus=4, more="", preload=None):
        super().__init__("gflow")
        self.published = published
        self.socket = self.path("d.sock")
        self.env |= {"XDG_CONFIG_HOME": self.path("config"), "XDG_DATA_HOME": self.path("data"), "GFLOW_DAEMON__USER": getpass.getuser()}
        os.makedirs(self.path("config", "gflow"))
        with open(self.path("config", "gflow", "gflow.toml"), "w", encoding="utf-8") as file:
            file.write(f'[daemon]\nsocket = "{self.socket}"\nport = 0\nsimulated_gpus = {gpus}\n{more.replace("{root}", self.root)}')
        for command in ("gbatch", "gqueue"):
            os.symlink(os.path.join(published, "gflow"), self.path(command))
        self.daemon = None
        self.preload = {"LD_PRELOAD": preload} if preload else {}
        self.arguments = []
        self.prepare()
        self.start()

    def prepare(self):
        """What else is to be there before the daemon starts."""

    def start(self):
        with open(self.path("log"), "ab") as log:
            self.daemon = subprocess.Popen([os.path.join(self.published, "gflowd"), *self.arguments], env=self.env | self.preload, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.connection = processes.wait_until(self.reach, 10, "gflowd answers")

    def reach(self):
        try:
            return wire.connect(self.socket)
        except OSError:
            if self.daemon.poll() is not None:
                with open(self.path("log"), encoding="utf-8") as log:
                    raise RuntimeError(f"gflowd ended:\n{log.read()}") from None
            return None

    def stop(self, how=signal.SIGTERM):
        self.connection.close()
        self.daemon.send_signal(how)
        self.daemon.wait(10)

    def close(self):
        if self.daemon.poll() is None:
            self.stop()

    @property
    def database(self):
        return self.path("data", "gflow", "gflow.db")

    @property
    def launcher(self):
        return next(pid for pid, name in processes.naming(self.path("data")).items() if name.endswith("gflow-launcher"))

    def ask(self, method, path, body=None):
        status, answer = wire.ask(self.connection, wire.request(method, path, body))
        if status >= 300:
            raise RuntimeError(f"{method} {path}: {status} {answer}")
        return answer

    def job(self, command, gpus):
        """A job as gbatch sends it."""
        return {"command": command, "gpus": gpus, "run_dir": self.root, "environment": self.env}

    def submit(self, command, gpus):
        return self.ask("POST", "/jobs", self.job(command, gpus))["id"]

    def submit_all(self, command, gpus, count):
        """Returns the last one's id."""
        for first in range(0, count, 500):
            last = self.ask("POST", "/jobs/batch", [self.job(command, gpus)] * min(500, count - first))[-1]["id"]
        return last

    def block(self):
        """Takes all GPUs until the gate is opened."""
        gate = self.gate()
        id = self.submit(f"read < {gate}; true", 4)
        processes.wait_until(lambda: self.ask("GET", f"/jobs/{id}")["state"] == "Running", 5, "the blocking job runs")
        return gate

    def drained(self, last):
        """Waits for the end of the last job and of those beside it."""
        processes.wait_until(lambda: self.ask("GET", f"/jobs/{last}")["state"] == "Finished", 120, f"job {last} has finished")
        processes.wait_until(lambda: not self.ask("GET", "/jobs?state=Queued,Running"), 10, "no job is left")


class Spooler(Home):
    """A task-spooler server."""

    def __init__(self, slots):
        super().__init__("tsp")
        self.program = shutil.which("tsp")
        self.env |= {"TS_SOCKET": self.path("s")}
        self.run("-S", str(slots))

    def run(self, *arguments):
        return subprocess.run([self.program, *arguments], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout.strip()

    def close(self):
        server = self.server
        subprocess.run([self.program, "-K"], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, check=False)
        processes.end([server], how=())

    @property
    def server(self):
        with open("/proc/net/unix", encoding="ascii") as lines:
            inodes = {f"socket:[{line.split()[6]}]" for line in lines if line.rstrip().endswith(self.env["TS_SOCKET"])}
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                links = {os.readlink(f"/proc/{entry}/fd/{fd}") for fd in os.listdir(f"/proc/{entry}/fd")}
            except OSError:
                continue
            if links & inodes:
                return int(entry)
        raise RuntimeError("no task-spooler server")

    def submit_all(self, count, *command):
        """Returns the last one's id. In one shell, since starting each client from here takes several times as long."""
        words = " ".join(map(shlex.quote, (self.program, *command)))
        loop = f"for ((i = 0; i < {count}; i++)); do last=$({words}) || exit 1; done; echo $last"
        return subprocess.run(["bash", "-c", loop], env=self.env, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=True).stdout.strip()

    def block(self, slots):
        """Takes all slots until the gate is opened."""
        gate = self.gate()
        self.run("-N", str(slots), "bash", "-c", f"read < {gate}; true")
        return gate

    def drained(self, last):
        self.run("-w", last)
        processes.wait_until(lambda: all(state not in self.run() for state in (" queued ", " running ")), 10, "no job is left")
