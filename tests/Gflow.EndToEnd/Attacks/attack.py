"""attack.py WHAT PLACE...: what nobody but an attacker does to a daemon. A place is a Unix socket's path or a port of the loopback."""
import http.client
import json
import resource
import socket
import struct
import sys
import threading
import time

resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
HEAD = "Host: localhost\r\nContent-Type: application/json\r\n"


def connect(place):
    last = time.monotonic() + 60
    while True:
        end = socket.socket(socket.AF_UNIX if place.startswith("/") else socket.AF_INET)
        try:
            end.connect(place if place.startswith("/") else ("127.0.0.1", int(place)))
            return end
        except (BlockingIOError, ConnectionRefusedError):
            end.close()
            if time.monotonic() > last:
                raise
            time.sleep(0.01)


def ask(place, asked):
    answers = []
    for method, target, headers, body in json.loads(asked):
        connection = http.client.HTTPConnection("localhost")
        connection.sock = connect(place)
        connection.putrequest(method, target, skip_host="Host" in headers)
        content = body.encode()
        if body or method not in ("GET", "HEAD"):
            headers = {"Content-Length": str(len(content)), "Content-Type": "application/json"} | headers
        for name, value in headers.items():
            connection.putheader(name, value)
        try:
            connection.endheaders(content)
        except BrokenPipeError:
            pass  # It was refused before its body came.
        answer = connection.getresponse()
        answers.append({"Status": answer.status, "Body": answer.read().decode()})
        connection.close()
    print(json.dumps(answers))


def leave(count, *places):
    """Connections on which nothing is ever asked."""
    stay([connect(place) for place in places for _ in range(int(count))])


def announce(count, place):
    """Large bodies that never come."""
    ends = [connect(place) for _ in range(int(count))]
    for end in ends:
        end.sendall(f"POST /jobs HTTP/1.1\r\n{HEAD}Content-Length: {16 << 20}\r\n\r\n{{".encode())
    stay(ends)


def unread(count, place, *targets):
    """Answers that nobody reads."""
    ends = []
    for target in targets:
        for _ in range(int(count)):
            end = connect(place)
            end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            end.sendall(f"GET {target} HTTP/1.1\r\n{HEAD}\r\n".encode())
            ends.append(end)
    stay(ends)


def drip(place, beginning):
    """A byte at a time, until it is cut off."""
    end = connect(place)
    end.sendall(beginning.encode())
    end.settimeout(0.1)
    while True:
        try:
            end.sendall(b"x")
            if not end.recv(65536):
                break
        except TimeoutError:
            pass
        except OSError:
            break
    print("closed")


def head(place):
    drip(place, "GET /jobs HTTP/1.1\r\nX-Slow: ")


def body(place):
    drip(place, f"POST /jobs HTTP/1.1\r\n{HEAD}Content-Length: 100000\r\n\r\n\"")


def hangup(count, place, method, target):
    """Asks and is gone, in order or by a reset, before anybody can look who it was."""
    for i in range(int(count)):
        end = connect(place)
        if i % 2:
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        end.sendall(f"{method} {target} HTTP/1.1\r\n{HEAD}Content-Length: 0\r\n\r\n".encode())
        end.close()


def huge(place):
    """A job with a variable that no program can be started with."""
    connection = http.client.HTTPConnection("localhost")
    connection.sock = connect(place)
    variables = {"PATH": "/usr/bin:/bin", "HUGE": "x" * (130 << 10), "LD_LIBRARY_PATH": "/nonexistent", "GCONV_PATH": "/nonexistent"}
    connection.request("POST", "/jobs", json.dumps({"command": "true", "run_dir": "/", "environment": variables}), {"Content-Type": "application/json"})
    print(connection.getresponse().read().decode())


def times(place, count, target):
    """How long answers take, in milliseconds, when one is asked for after the other; submissions are of jobs that are held."""
    method = "POST" if target == "/jobs" else "GET"
    content = json.dumps({"command": "true", "run_dir": "/", "hold": True}) if method == "POST" else None
    taken = []
    for _ in range(int(count)):
        begun = time.monotonic()
        asking = http.client.HTTPConnection("localhost")
        asking.sock = connect(place)
        asking.request(method, target, content, {"Content-Type": "application/json"} if content else {})
        answer = asking.getresponse()
        answer.read()
        asking.close()
        if answer.status not in (200, 201):
            sys.exit(f"{target}: {answer.status}")
        taken.append((time.monotonic() - begun) * 1000)
    print(json.dumps(taken))


def shaped(shape, count):
    match shape:
        case "lists":
            return "[" * count + "]" * count
        case "unclosed":
            return "[" * count
        case "objects":
            return '{"a":' * count + "0" + "}" * count
        case "within":
            return '{"command":"true","environment":' + '{"a":' * count + "0" + "}" * count + "}"
        case "unknown":
            return '{"command":"true","unknown":' + "[" * count + "]" * count + "}"
        case "long":
            return "[" + "0," * (count - 1) + "0]"
        case "fields":
            return "{" + ",".join(f'"u{i}":0' for i in range(count)) + "}"
        case "empties":
            return "[" + "{}," * (count - 1) + "{}]"
        case "ids":
            return '{"command":"true","depends_on_ids":[' + ",".join(f"-{i}" for i in range(count)) + "]}"
        case "arguments":
            return '{"script":"/x","script_content":"","arguments":[' + '"",' * (count - 1) + '""]}'
        case "names":
            return '{"command":"true","environment":{' + ",".join(f'"={i}":""' for i in range(count)) + "}}"
        case "nulls":
            return "{" + ",".join(f'"u{i}":null' for i in range(count)) + "}"
        case "variables":
            return '{"command":"true","environment":{' + ",".join(f'"u{i}":""' for i in range(count)) + "}}"
        case "repeated":
            return "{" + ",".join('"u":0' for _ in range(count)) + "}"


def bodies(place, asked):
    """Bodies of shapes that no program writes; what comes back, and after how many milliseconds."""
    answers = []
    for method, target, shape, count in json.loads(asked):
        content = shaped(shape, count).encode()
        asking = http.client.HTTPConnection("localhost")
        asking.sock = connect(place)
        begun = time.monotonic()
        asking.request(method, target, content, {"Content-Type": "application/json"})
        answer = asking.getresponse()
        answers.append({"Status": answer.status, "Body": answer.read().decode(), "Milliseconds": (time.monotonic() - begun) * 1000})
        asking.close()
    print(json.dumps(answers))


def submit(place, count, callers):
    """So many jobs that wait, a thousand in each request, by so many callers at once."""
    batch = json.dumps([{"command": "true", "run_dir": "/", "gpus": 1}] * 1000)
    left = list(range(int(count) // 1000))

    def caller():
        asking = http.client.HTTPConnection("localhost")
        asking.sock = connect(place)
        while left:
            left.pop()
            asking.request("POST", "/jobs/batch", batch, {"Content-Type": "application/json"})
            answer = asking.getresponse()
            content = answer.read()
            if answer.status != 201:
                sys.exit(f"{answer.status} {content.decode()}")

    begun = time.monotonic()
    threads = [threading.Thread(target=caller) for _ in range(int(callers))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(time.monotonic() - begun)


def stay(ends):
    print("open", len(ends), flush=True)
    time.sleep(600)


globals()[sys.argv[1]](*sys.argv[2:])
