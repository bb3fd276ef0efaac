"""Prometheus Alertmanager doing the same job: one message a receiver for each thing that happens, with all waiting switched off."""
import socket
import subprocess
import time

import processes
import wire
from audience import Receiver, paced
from homes import Home
from table import quantile

PROGRAM = processes.shutil.which("prometheus-alertmanager")


class Alertmanager(Home):
    def __init__(self, urls):
        super().__init__("alertmanager")
        self.port = free_port()
        routes = "".join(f"    - {{receiver: t{number}, continue: true}}\n" for number in range(len(urls)))
        receivers = "".join(f"  - name: t{number}\n    webhook_configs: [{{url: '{url}', send_resolved: false}}]\n" for number, url in enumerate(urls))
        with open(self.path("config.yml"), "w", encoding="ascii") as file:
            file.write("route:\n  receiver: t0\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n  repeat_interval: 1h\n"
                       f"  routes:\n{routes}receivers:\n{receivers}")
        with open(self.path("log"), "ab") as log:
            self.process = subprocess.Popen(
                [PROGRAM, f"--config.file={self.path('config.yml')}", f"--storage.path={self.path('data')}", "--cluster.listen-address=",
                 f"--web.listen-address=127.0.0.1:{self.port}"], env=self.env, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        processes.wait_until(self.reach, 10, "Alertmanager answers")

    def reach(self):
        try:
            socket.create_connection(("127.0.0.1", self.port)).close()
            return True
        except OSError:
            if self.process.poll() is not None:
                with open(self.path("log"), encoding="utf-8") as log:
                    raise RuntimeError(log.read()) from None
            return None

    def close(self):
        self.process.terminate()
        self.process.wait(10)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def alerts(first, count):
    return [wire.request("POST", "/api/v2/alerts", [{"labels": {"alertname": "job", "sequence": str(number)}}]) for number in range(first, first + count)]


def hand_off(tools, rate, seconds):
    """Seconds from the submission of each alert to the first byte of its message."""
    with Receiver(f"{tools}/alerts{rate}") as receiver:
        with Alertmanager([receiver.url("t0")]) as alertmanager:
            paced(("127.0.0.1", alertmanager.port), alerts(1, 50), 200)
            done = paced(("127.0.0.1", alertmanager.port), alerts(1000, rate * seconds), rate)
            time.sleep(2)
        arrived = {told.sequence: told.at for told in reversed(receiver.end())}
    # Answers come in the order of the requests' ends; with a sequence of its own each, those that came are matched by time of sending.
    sent = sorted(began for began, _, _ in done)
    return [arrived[1000 + number] - at for number, at in enumerate(sent) if 1000 + number in arrived]


def hanging(tools, count, targets=100, rate=5, seconds=10, settling=12):
    """The healthy receivers' p99 from the submission to the first byte, with so many receivers that hang."""
    with Receiver(f"{tools}/hanging{count}") as receiver:
        urls = [receiver.url(f"hang/{number}" if number < count else f"ok/{number}") for number in range(targets)]
        with Alertmanager(urls) as alertmanager:
            paced(("127.0.0.1", alertmanager.port), alerts(1, rate * settling), rate)
            done = paced(("127.0.0.1", alertmanager.port), alerts(1000, rate * seconds), rate)
            time.sleep(1)
        told = receiver.end()
    sent = sorted(began for began, _, _ in done)
    return quantile([request.at - sent[request.sequence - 1000] for request in told if request.status == 204 and request.sequence >= 1000], .99)


def memory(tools, count):
    """MiB resident with so many alerts, each a group of its own, whose receiver hangs."""
    with Receiver(f"{tools}/hanging-alerts") as receiver:
        with Alertmanager([receiver.url("hang/0")]) as alertmanager:
            batches = [wire.request("POST", "/api/v2/alerts", [{"labels": {"alertname": "job", "sequence": str(number)}} for number in range(first, first + 1000)])
                       for first in range(0, count, 1000)]
            paced(("127.0.0.1", alertmanager.port), batches, 20, clients=4)
            time.sleep(8)
            return processes.memory(alertmanager.process.pid)[0] / 1024
