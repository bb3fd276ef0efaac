"""forge.py SOCKET USER FILE WHAT: orders something of a launcher that a keeper would not order, and prints what comes back."""
import array
import os
import pwd
import random
import socket
import struct
import sys
import time

ORDER, ANSWER = "<iiiIIiQ", "<iiii" + "iiixxxx" + "qqq" + "QQ"
START, REMOVE, LOOK, SIGNAL, SIGNAL_GROUP, OPEN_LOG, UNKNOWN = 2, 3, 4, 6, 7, 8, 99
REFUSALS = ["", "serving user", "nobody", "root", "system user", "script", "log", "process"]

path, user, file, what = sys.argv[1:]
kind, _, value = what.partition(":")


def text(value):
    return struct.pack("<I", len(value.encode())) + value.encode() + b"\0"


def texts(values):
    return struct.pack("<I", len(values)) + b"".join(map(text, values))


def order(kind, pid=0, signal=0, job=77, uid=0, script=0, mark=0):
    return struct.pack(ORDER, kind, pid, signal, job, uid, script, mark)


def frame(uid):
    fields = struct.pack("<IIiIBqI", 1, 77, 1, uid, 0, 0, 0o22) + struct.pack("<I", 0)
    fields += text("/bin/sh") + text("/") + text("/etc/gflow-forged.log") + texts(["-c", f"id -u > {file}"])
    return fields + texts(["PATH=/usr/bin:/bin"])


def memory(content):
    fd = os.memfd_create("forged")
    os.write(fd, content)
    return fd


def message():
    """The order, and the descriptors that go with it."""
    uid = int(value) if kind == "uid" else pwd.getpwnam(user).pw_uid
    start = order(START, uid=uid), [memory(frame(uid)), told]
    match kind:
        case "uid":
            return start
        case "script":
            return order(START, uid=uid, script=1), start[1]
        case "short":
            return start[0][:-1], start[1]
        case "long":
            return start[0] + b"\0", start[1]
        case "empty":
            return b"", []
        case "bare":
            return start[0], []
        case "half":
            return start[0], start[1][:1]
        case "many":
            return start[0], start[1] * 2
        case "unknown":
            return order(UNKNOWN), []
        case "garbage":
            return order(START, uid=uid), [memory(os.urandom(4096)), told]
        case "remove":
            return order(REMOVE, uid=uid), [memory(value.encode() + b"\0"), told]
        case "look":
            return order(LOOK, pid=int(value)), []
        case "kill":
            return order(SIGNAL, signal=9), [os.pidfd_open(int(value))]
        case "kill-file":
            return order(SIGNAL, signal=9), [memory(b"Pid:\t1\n")]
        case "kill-group":
            return order(SIGNAL_GROUP, pid=int(value), signal=9), []
        case "signal":
            return order(SIGNAL_GROUP, pid=1, signal=int(value)), []
        case "log":
            return order(OPEN_LOG, job=int(value), uid=0), []


def answer(peer):
    while True:
        got = peer.recv(4096)
        if len(got) != struct.calcsize(ANSWER):
            return None
        fields = struct.unpack(ANSWER, got)
        if not fields[0]:
            return fields


def connect():
    """While the launcher becomes its new version, nobody listens."""
    until = time.monotonic() + 10
    while True:
        peer = socket.socket(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        peer.settimeout(30)
        try:
            peer.connect(path)
            return peer
        except (ConnectionRefusedError, FileNotFoundError, PermissionError):
            peer.close()
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def odd_order(chance):
    """An order of odd parts, sometimes of another length, with whatever descriptors."""
    processes = [int(name) for name in os.listdir("/proc") if name.isdigit()]
    numbers = [0, 1, -1, 2, 77, 64, 65, 1 << 31, (1 << 31) - 1, (1 << 32) - 1, 65534, pwd.getpwnam(user).pw_uid, os.getuid(), *processes]
    parts = [chance.choice(numbers) if chance.random() < 0.8 else chance.getrandbits(32) for _ in range(6)]
    parts[0] = chance.randrange(0, 12) if chance.random() < 0.9 else parts[0]
    spoken = struct.pack("<6IQ", *(part & 0xFFFFFFFF for part in parts), chance.getrandbits(64))
    if chance.random() < 0.1:
        spoken = chance.randbytes(chance.randrange(0, 200))
    given = [chance.choice([
        lambda: memory(frame(parts[4] & 0xFFFFFFFF)[:chance.randrange(0, 300)]), lambda: memory(chance.randbytes(64)), lambda: os.open("/dev/null", os.O_RDWR), lambda: os.open("/", os.O_RDONLY),
        lambda: os.pidfd_open(os.getpid()), lambda: os.dup(told), lambda: os.dup(reading), lambda: socket.socket().detach(),
    ])() for _ in range(chance.choice([0, 0, 1, 2, 2, 2, 3, 10]))]
    return spoken, given


def fuzz(seed, seconds):
    """Orders without sense for a while; prints how many."""
    chance, until, count, peer = random.Random(int(seed)), time.monotonic() + float(seconds), 0, connect()
    while time.monotonic() < until:
        spoken, given = odd_order(chance)
        try:
            peer.sendmsg([spoken], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", given))] if given else [])
            if answer(peer) is None:
                raise BrokenPipeError
        except (BrokenPipeError, ConnectionResetError):
            peer.close()
            peer = connect()
        for fd in given:
            os.close(fd)
        count += 1
    print("ordered", count)
    sys.exit()


reading, told = os.pipe()
if kind == "fuzz":
    fuzz(*value.split(":"))
try:
    peer = connect()
    order_bytes, fds = message()
    peer.sendmsg([order_bytes], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else [])
    os.close(told)
    fields = answer(peer)
except (ConnectionResetError, BrokenPipeError):
    fields = None
if fields is None:
    print("closed")
    sys.exit()
_, error, refusal, pid = fields[:4]
for fd in fds:
    if fd != told:
        os.close(fd)
if refusal:
    print("refused:", REFUSALS[refusal])
elif error:
    print("error:", os.strerror(error))
elif pid:
    print("started:", os.read(reading, 4096).decode().strip())
else:
    print("done")
