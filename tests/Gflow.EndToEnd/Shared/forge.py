"""forge.py DATA USER FILE WHAT: says something to a launcher that a daemon would not say, and prints what comes back."""
import pwd
import socket
import struct
import sys

HELLO, START, UPGRADE = 1, 2, 6
WELCOME, REFUSED, READY, NOT_STARTED, DONE = 1, 2, 4, 6, 7
HIGHEST_EPOCH = 1 << 40

data, user, file, what = sys.argv[1:]
kind, _, value = what.partition(":")


def text(value):
    return struct.pack("<I", len(value.encode())) + value.encode() + b"\0"


def texts(values):
    return struct.pack("<I", len(values)) + b"".join(map(text, values))


def frame(kind, fields):
    return struct.pack("<IB", len(fields) + 1, kind) + fields


def start():
    uid = int(value) if kind == "uid" else pwd.getpwnam(user).pw_uid
    log = value if kind == "log" else f"{data}/logs/77.log"
    limits = struct.pack("<IBq", 1, int(value), 1) if kind == "limit" else struct.pack("<I", 0)
    flags = 2 if kind == "script" else 0
    fields = struct.pack("<IIiIBqI", 1, 77, 1, uid, flags, 0, 0o22) + limits
    fields += text("/bin/sh") + text("/") + text(log) + texts(["-c", f"id -u > {file}"])
    return fields + texts(["PATH=/usr/bin:/bin", "GFLOW_JOB_ID=77", "GFLOW_JOB_ATTEMPT=1", f"GFLOW_JOB_LOG={log}"])


def message():
    match kind:
        case "upgrade":
            return frame(UPGRADE, struct.pack("<I", 1) + text(value))
        case "truncated":
            return frame(START, start()[:-9])
        case "trailing":
            return frame(START, start() + b"\0")
        case "oversized":
            return struct.pack("<IB", 1 << 31, START)
        case "many":
            return frame(START, struct.pack("<IIiIBqII", 1, 77, 1, 1000, 0, 0, 0o22, 1 << 30))
        case "unknown":
            return frame(99, struct.pack("<I", 1))
        case _:
            return frame(START, start())


def receive(peer):
    head = peer.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        print("closed")
        sys.exit()
    body = peer.recv(struct.unpack("<I", head)[0], socket.MSG_WAITALL)
    return body[0], body[1:]


with socket.socket(socket.AF_UNIX) as peer:
    peer.settimeout(30)
    peer.connect(f"{data}/launcher/launcher.sock")
    if kind != "hello":
        peer.sendall(frame(HELLO, struct.pack("<Iq", 1, HIGHEST_EPOCH)))
    while True:
        answer, fields = receive(peer)
        if answer == REFUSED:
            print("refused", fields[5:-1].decode())
            break
        if answer == READY:
            peer.sendall(message())
        if answer in (NOT_STARTED, DONE):
            print(fields[8:-1].decode() or "done")
            break
        if answer == 5:
            print("started")
            break
