"""What some targets' illness costs the others, and what an ill target costs itself."""
import os
import sqlite3
import subprocess
import sys
import time

from audience import Receiver, job_of, paced, settled, waiting_jobs, webhooks
from delivering import fill, scratch
from homes import Gflow
from table import median, ms, numbered, quantile

TARGETS = 100
RATE = 5
SECONDS = 10
TURNS = 2


def settling(hanging):
    """Seconds until those that hang are found out: three attempts of a second each, twelve at once."""
    return 4 + hanging // 4


def hanging(published, tools, alertmanager):
    """Healthy targets' p50, p99 and share of deliveries in time, for so many targets that hang; medians of the turns."""
    found = {count: [] for count in (0, 1, 50, 99)}
    for _ in range(TURNS):
        for count, turns in found.items():
            turns.append(turn(published, tools, count))
    rows = []
    base = median([p99 for p99, _ in found[0]])
    for count, bar, most in ((1, 1.3, 0.05), (50, 1.5, 0.075), (99, 1.5, 0.075)):
        p99, share = (median([turn[part] for turn in found[count]]) for part in (0, 1))
        met = p99 <= most and p99 / base <= bar and share >= 0.98
        rows.append(numbered("I1" if count == 1 else "I2", f"{count} of {TARGETS} targets hang: from the answer to the submitter to the first byte at the healthy ones, p99; share of what was theirs that came in these {SECONDS} s",
                        f"{ms(p99)}, {share:.1%}", f"none hangs: {ms(base)}", f"{p99 / base:.2f}", f"ratio ≤ {bar}, p99 ≤ {most * 1e3:.0f} ms, ≥ 98 %", met))
    if alertmanager:
        none, some = alertmanager(0), alertmanager(50)
        rows.append(numbered("I2", "the same of Alertmanager, one alert to 100 receivers in one group each, none / 50 hang; submission to first byte, p99", "", f"{ms(none)} / {ms(some)}", f"{some / none:.2f}"))
    return rows


def turn(published, tools, count):
    urls = [f"hang/{number}" if number < count else f"ok/{number}" for number in range(TARGETS)]
    with Receiver(scratch(tools)) as receiver:
        with Gflow(published, more=webhooks(map(receiver.url, urls), "timeout_secs = 1\n")) as gflow:
            job = waiting_jobs(gflow)
            paced(gflow.socket, [job] * (RATE * settling(count)), RATE)
            done = paced(gflow.socket, [job] * (RATE * SECONDS), RATE)
            ended = time.monotonic()
            time.sleep(1)
        told = receiver.end()
    # From the commit on: what the disk took for it is the same for all of an event's targets, ill ones or none.
    committed = {job_of(answer): answered for _, answered, answer in done}
    arrived = [request for request in told if request.job in committed and request.status == 204]
    took = [request.at - committed[request.job] for request in arrived]
    in_time = sum(request.at <= ended + 0.1 for request in arrived)
    return quantile(took, .99), in_time / (len(done) * (TARGETS - count))


MAIL_SERVERS = 8
VERDICT = 12


def slow_mail(published, tools, _):
    """Webhooks' p99 without and with mail servers that take longer than the timeout over each mail, in turns."""
    found = {False: [], True: []}
    for _ in range(3):
        for slow, turns in found.items():
            turns.append(beside_mail(published, tools, slow))
    without, with_them = (median(found[slow]) for slow in (False, True))
    return [numbered("I4", f"{MAIL_SERVERS} mail servers take {VERDICT} s over their verdict, each gets every event: from the answer to the submitter to the first byte at {MAIL_SERVERS} webhooks, p99, median of 3 turns",
                     ms(with_them), f"without them: {ms(without)}", f"{with_them / without:.2f}", "ratio ≤ 1.3", with_them / without <= 1.3)]


def beside_mail(published, tools, slow):
    rate, seconds = 20, 8
    servers = subprocess.Popen([sys.executable, os.path.join(os.path.dirname(__file__), "slowmail.py"), str(MAIL_SERVERS), str(VERDICT)], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        ports = servers.stdout.readline().split() if slow else []
        mails = "".join(f'[[notifications.emails]]\nname = "m{port}"\nsmtp_url = "smtp://127.0.0.1:{port}"\nfrom = "gflow@lab.example"\nto = ["dana@lab.example"]\n' for port in ports)
        with Receiver(scratch(tools)) as receiver:
            with Gflow(published, more=webhooks([receiver.url(f"t{number}") for number in range(MAIL_SERVERS)]) + mails) as gflow:
                job = waiting_jobs(gflow)
                paced(gflow.socket, [job] * rate * 2, rate)
                done = paced(gflow.socket, [job] * (rate * seconds), rate)
                time.sleep(1)
            told = receiver.end()
    finally:
        servers.kill()
        servers.wait()
    committed = {job_of(answer): answered for _, answered, answer in done}
    took = [request.at - committed[request.job] for request in told if request.job in committed]
    if len(took) < len(done) * MAIL_SERVERS:
        raise RuntimeError(f"{len(took)} of {len(done) * MAIL_SERVERS} came")
    return quantile(took, .99)


def dead(published, tools, _):
    waiting, seconds = 10_000, 60
    with Receiver(scratch(tools), "close") as receiver:
        with Gflow(published, more=webhooks([receiver.url("t0")])) as gflow:
            gflow.submit("true", 0)
            gflow.stop()
            fill(gflow, waiting, 1)
            began = time.monotonic()
            gflow.start()
            time.sleep(seconds)
            store = sqlite3.connect(gflow.database)
            spent = store.execute("SELECT sum(attempts > 0) FROM delivery WHERE state = 0").fetchone()[0]
            store.close()
        connections = sum(request.at > began for request in receiver.end())
    return [numbered("I5", f"connections to a target that closes each at once, {waiting:,} waiting, in the first {seconds} s; messages that spent a retry; the hour itself passes on a virtual clock below",
                f"{connections}; {spent}", "", "", "≤ 60 in an hour", connections <= 60)]
