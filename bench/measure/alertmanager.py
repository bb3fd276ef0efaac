"""Prometheus Alertmanager doing the same job: one message a receiver for each thing that happens, with all waiting switched off."""
import socket
import subprocess
import time
import urllib.request

import processes
import wire
from audience import Receiver, paced
from homes import Home
from table import quantile

PROGRAM = processes.shutil.which("prometheus-alertmanager")


class Alertmanager(Home):
    """One receiver for each configuration given."""

    def __init__(self, receivers):
        super().__init__("alertmanager")
        self.port = free_port()
        routes = "".join(f"    - {{receiver: t{number}, continue: true}}\n" for number in range(len(receivers)))
        named = "".join(f"  - name: t{number}\n    {receiver}\n" for number, receiver in enumerate(receivers))
        with open(self.path("config.yml"), "w", encoding="ascii") as file:
            file.write("route:\n  receiver: t0\n  group_by: ['...']\n  group_wait: 0s\n  group_interval: 1s\n  repeat_interval: 1h\n"
                       f"  routes:\n{routes}receivers:\n{named}")
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

    def post(self, count):
        """Hands in so many alerts, each a group of its own, as fast as they are taken."""
        batches = [wire.request("POST", "/api/v2/alerts", [{"labels": {"alertname": "job", "sequence": str(number)}} for number in range(first, first + 1000)])
                   for first in range(0, count, 1000)]
        paced(("127.0.0.1", self.port), batches, 1e9, clients=4)

    def sent(self):
        """Messages that were taken, by its own count."""
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/metrics") as metrics:
            lines = metrics.read().decode().splitlines()
        tried, failed = (sum(float(line.rpartition(" ")[2]) for line in lines if line.startswith(f"alertmanager_{name}_total{{")) for name in ("notifications", "notifications_failed"))
        return tried - failed

    def close(self):
        self.process.terminate()
        self.process.wait(10)


def webhook(url):
    return f"webhook_configs: [{{url: '{url}', send_resolved: false}}]"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def alerts(first, count):
    return [wire.request("POST", "/api/v2/alerts", [{"labels": {"alertname": "job", "sequence": str(number)}}]) for number in range(first, first + count)]


def hand_off(tools, rate, seconds):
    """Seconds from the submission of each alert to the first byte of its message."""
    with Receiver(f"{tools}/alerts{rate}") as receiver:
        with Alertmanager([webhook(receiver.url("t0"))]) as alertmanager:
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
        webhooks = [webhook(receiver.url(f"hang/{number}" if number < count else f"ok/{number}")) for number in range(targets)]
        with Alertmanager(webhooks) as alertmanager:
            paced(("127.0.0.1", alertmanager.port), alerts(1, rate * settling), rate)
            done = paced(("127.0.0.1", alertmanager.port), alerts(1000, rate * seconds), rate)
            time.sleep(1)
        told = receiver.end()
    sent = sorted(began for began, _, _ in done)
    return quantile([request.at - sent[request.sequence - 1000] for request in told if request.status == 204 and request.sequence >= 1000], .99)


def throughput(tools, count=20_000):
    """Webhooks a second to one receiver, each an alert of its own."""
    with Receiver(f"{tools}/alerts-at-once") as receiver:
        with Alertmanager([webhook(receiver.url("t0"))]) as alertmanager:
            alertmanager.post(count)
            processes.wait_until(lambda: alertmanager.sent() >= count, 120, "all webhooks are sent")
        told = receiver.end()
    return (len(told) - 1) / (told[-1].at - told[0].at)


def mails(tools, port, count=10_000):
    """Mails a second to the server at that port, each an alert of its own, from the first alert handed in to the last mail taken."""
    mail = f"email_configs: [{{to: 'dana@lab.example', from: 'gflow@lab.example', smarthost: '127.0.0.1:{port}', require_tls: false, send_resolved: false}}]"
    with Alertmanager([mail]) as alertmanager:
        began = time.monotonic()
        alertmanager.post(count)
        processes.wait_until(lambda: alertmanager.sent() >= count, 120, "all mails are sent")
        return count / (time.monotonic() - began)


def memory(tools, count):
    """MiB resident with so many alerts, each a group of its own, whose receiver hangs."""
    with Receiver(f"{tools}/hanging-alerts") as receiver:
        with Alertmanager([webhook(receiver.url("hang/0"))]) as alertmanager:
            alertmanager.post(count)
            time.sleep(8)
            return processes.memory(alertmanager.process.pid)[0] / 1024
