"""How fast mails go out over connections that are kept, beside one connection a mail."""
import os
import smtplib
import sqlite3
import ssl
import subprocess
import time

import processes
from alertmanager import free_port
from delivering import fill
from homes import Gflow
from table import numbered

SINK, SERVER = "/usr/sbin/smtp-sink", "tests/Gflow.EndToEnd/mail/server.py"
USER, PASSWORD = "gflow", "open sesame"


def mails(published, tools, alertmanager):
    other = sink(alertmanager) if alertmanager else None
    plain, *_ = burst(published, tools, 20_000, lambda port: (sink_at(port), f"smtp://127.0.0.1:{port}", ""))
    certificate = vouched(tools)
    kept, told, mail = burst(published, tools, 5_000, lambda port: (
        ["/usr/bin/python3", "-W", "ignore", SERVER, str(port), certificate, USER, PASSWORD],
        f"smtp://{USER}:{PASSWORD.replace(' ', '%20')}@127.0.0.1:{port}?tls=required", f'ca_file = "{certificate}"\n'))
    each = one_by_one(tools, certificate, mail, 200)
    connections = len({line.split('"peer": ')[1].split(",")[0] for line in told})
    return [
        numbered("S8", "mails a second to smtp-sink, in clear, outcome stored", f"{plain:,.0f}/s", f"Alertmanager, nothing stored: {other:,.0f}/s" if other else "Alertmanager is not installed", f"{plain / other:.2f}" if other else "", "reported; wanted ≥ 2,500/s"),
        numbered("S8", "mails a second to aiosmtpd after STARTTLS and login, outcome stored; beside smtplib, the same mail, with a connection for each", f"{kept:,.0f}/s",
                 f"smtplib {each:,.0f}/s", f"{kept / each:.2f}", "reported; wanted ≥ 1,000/s and 4 times"),
        numbered("S8", "connections for these mails", f"{connections} for {len(told):,}", "", "", "reported; wanted ≤ 1 for 100"),
    ]


def sink_at(port):
    return [SINK, "-u", "nobody", f"127.0.0.1:{port}", "100"]


def sink(measure):
    """What somebody else does with the same server."""
    port = free_port()
    server = subprocess.Popen(sink_at(port), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    try:
        answers(port)
        return measure(port)
    finally:
        server.terminate()
        server.wait(10)


def burst(published, tools, count, served):
    """Works off so many waiting mails: how many a second, the server's lines, and what such a mail is."""
    port = free_port()
    command, url, more = served(port)
    heard = os.path.join(tools, f"mails{port}")
    with open(heard, "wb") as out:
        server = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out)
    try:
        answers(port)
        with Gflow(published, more=f'\n[notifications]\nenabled = true\n[[notifications.emails]]\nname = "t0"\nsmtp_url = "{url}"\nfrom = "gflow@lab.example"\nto = ["dana@lab.example"]\nevents = ["job_failed"]\n{more}') as gflow:
            gflow.submit("true", 0)
            gflow.stop()
            fill(gflow, count, 1, "dana@lab.example")
            gflow.start()
            first, last, done = processes.wait_until(lambda: settled(gflow, count), 120, "all mails are out")
            mail = gflow.ask("GET", "/notifications/targets/t0/preview?event=job_failed&job=1")
    finally:
        server.terminate()
        server.wait(10)
    with open(heard, encoding="utf-8") as lines:
        return done / ((last - first) / 1000), lines.readlines(), "\r\n".join([*(f"{header['name']}: {header['value']}" for header in mail["headers"]), "", mail["body"]])


def settled(gflow, count):
    time.sleep(0.5)
    store = sqlite3.connect(f"file:{gflow.database}?mode=ro", uri=True)
    first, last, done = store.execute("SELECT min(settled_at), max(settled_at), count(*) FROM delivery WHERE state = 1").fetchone()
    store.close()
    return (first, last, done) if done >= count else None


def one_by_one(tools, certificate, mail, count):
    port = free_port()
    with open(os.path.join(tools, "each"), "wb") as out:
        server = subprocess.Popen(["/usr/bin/python3", "-W", "ignore", SERVER, str(port), certificate, USER, PASSWORD], stdin=subprocess.DEVNULL, stdout=out)
    try:
        answers(port)
        trusted = ssl.create_default_context(cafile=certificate)
        began = time.monotonic()
        for _ in range(count):
            with smtplib.SMTP("127.0.0.1", port) as connection:
                connection.starttls(context=trusted)
                connection.login(USER, PASSWORD)
                connection.sendmail("gflow@lab.example", ["dana@lab.example"], mail)
        return count / (time.monotonic() - began)
    finally:
        server.terminate()
        server.wait(10)


def answers(port):
    def reach():
        try:
            with smtplib.SMTP("127.0.0.1", port):
                return True
        except OSError:
            return None
    processes.wait_until(reach, 10, "the mail server answers")


def vouched(tools):
    """A certificate that vouches for itself, with its key, in one file."""
    file = os.path.join(tools, "server.pem")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1",
                    "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", file + ".key", "-out", file], check=True, capture_output=True)
    with open(file, "a", encoding="ascii") as both, open(file + ".key", encoding="ascii") as key:
        both.write(key.read())
    return file
