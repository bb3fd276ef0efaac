"""Processes: starting them with a clock beside them, reading their memory, and leaving none behind."""
import os
import shutil
import signal
import sys
import time

NULL = os.open(os.devnull, os.O_RDWR)
QUIET = [(os.POSIX_SPAWN_DUP2, NULL, 0), (os.POSIX_SPAWN_DUP2, NULL, 1), (os.POSIX_SPAWN_DUP2, NULL, 2)]


def timed(argv, env):
    """Seconds from the start of a command to its end; it must succeed."""
    began = time.perf_counter()
    pid = os.posix_spawn(argv[0], argv, env, file_actions=QUIET)
    status = os.waitpid(pid, 0)[1]
    took = time.perf_counter() - began
    if status != 0:
        raise RuntimeError(f"{' '.join(argv)} failed with status {status}")
    return took


def memory(pid):
    """Resident and proportional memory in KiB; of the daemon only root may ask."""
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as lines:
        sizes = {line.split()[0]: int(line.split()[1]) for line in lines if line.split()[0] in ("Rss:", "Pss:")}
    return sizes["Rss:"], sizes["Pss:"]


def naming(text):
    """Processes that have the text in their command line: temporary homes are named so that nobody else has it."""
    found = {}
    for entry in os.listdir("/proc"):
        if entry.isdigit() and int(entry) != os.getpid():
            try:
                with open(f"/proc/{entry}/cmdline", "rb") as file:
                    line = file.read()
            except OSError:
                continue
            if text.encode() in line:
                found[int(entry)] = line.split(b"\0")[0].decode()
    return found


def wait_until(condition, seconds, what):
    """Polls until the condition gives something true, and returns that."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if found := condition():
            return found
        time.sleep(0.01)
    raise RuntimeError(f"not within {seconds} s: {what}")


def end(pids, how=(signal.SIGTERM, signal.SIGKILL), seconds=5):
    """Ends processes by their ids, asking first; without a signal, waits for those that end by themselves."""
    for signal_number in how or (0,):
        for pid in pids:
            try:
                os.kill(pid, signal_number)
            except ProcessLookupError:
                pass
        until = time.monotonic() + seconds
        while time.monotonic() < until and (pids := [pid for pid in pids if alive(pid)]):
            time.sleep(0.01)
        if not pids:
            return


def alive(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def find(command):
    return shutil.which(command) or sys.exit(f"{command} is not installed")
