"""HTTP over a Unix socket with as little work of its own as possible, since it shares the machine with what it measures."""
import json
import select
import socket
import time


def request(method, path, body=None):
    payload = b"" if body is None else json.dumps(body).encode()
    head = f"{method} {path} HTTP/1.1\r\nHost: localhost\r\n"
    if body is not None:
        head += f"Content-Type: application/json\r\nContent-Length: {len(payload)}\r\n"
    return head.encode() + b"\r\n" + payload


def complete(answer):
    """Whether the bytes are one whole answer."""
    head = answer.find(b"\r\n\r\n")
    if head < 0:
        return False
    at = answer.find(b"Content-Length: ", 0, head)
    if at < 0:
        return answer.endswith(b"\r\n0\r\n\r\n")
    return len(answer) - head - 4 >= int(answer[at + 16:answer.index(b"\r\n", at)])


def connect(address):
    """A kept connection to a path, or to a host and port."""
    connection = socket.socket(socket.AF_UNIX if isinstance(address, str) else socket.AF_INET)
    connection.connect(address)
    return connection


def ask(connection, message):
    """One request on a kept connection: the status and the parsed body."""
    connection.sendall(message)
    answer = b""
    while not complete(answer):
        part = connection.recv(1 << 20)
        if not part:
            raise RuntimeError("the daemon closed the connection")
        answer += part
    head, _, body = answer.partition(b"\r\n\r\n")
    if b"chunked" in head:
        parts = []
        while (size := int((line := body.partition(b"\r\n"))[0], 16)) > 0:
            parts.append(line[2][:size])
            body = line[2][size + 2:]
        body = b"".join(parts)
    return int(head[9:12]), json.loads(body) if body else None


def load(path, message, clients, requests):
    """So many requests by so many clients, each with one open at a time: seconds in all, and the seconds of each."""
    connections = {connection.fileno(): connection for connection in (connect(path) for _ in range(clients))}
    events = select.epoll()
    began, answers, took = {}, {}, []
    for number, connection in connections.items():
        events.register(number, select.EPOLLIN)
    start = time.perf_counter()
    for number, connection in connections.items():
        began[number], answers[number] = time.perf_counter(), b""
        connection.sendall(message)
    sent = clients
    while len(took) < requests:
        for number, _ in events.poll():
            answers[number] += connections[number].recv(65536)
            if not complete(answers[number]):
                continue
            now = time.perf_counter()
            if not answers[number].startswith(b"HTTP/1.1 201"):
                raise RuntimeError(answers[number][:300].decode())
            took.append(now - began[number])
            if sent < requests:
                sent += 1
                began[number], answers[number] = now, b""
                connections[number].sendall(message)
    whole = time.perf_counter() - start
    events.close()
    for connection in connections.values():
        connection.close()
    return whole, took
