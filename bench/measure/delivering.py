"""How fast, how regularly and in what order deliveries go out."""
import signal
import sqlite3
import time

import processes
import wire
from audience import Receiver, job_of, paced, processor, settled, waiting_jobs, webhooks
from homes import Gflow
from table import median, ms, numbered, quantile

BACKLOG = 100_000
SECRET = 'secret = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE="\n'


def scratch(tools, name=iter(range(1 << 30))):
    return f"{tools}/told{next(name)}"


def hand_off(published, tools, alertmanager):
    rows = []
    for rate, seconds in ((20, 10), (200, 8), (1000, 6)):
        with Receiver(scratch(tools)) as receiver, Gflow(published, more=webhooks([receiver.url("t0")])) as gflow:
            job = waiting_jobs(gflow)
            paced(gflow.socket, [job] * 50, 200)
            way = median([answered - sent for sent, answered, _ in paced(gflow.socket, [wire.request("GET", "/jobs/1")] * 100, 200)])
            done = paced(gflow.socket, [job] * (rate * seconds), rate)
            settled(gflow, 30)
            arrived = {told.job: told.at for told in reversed(receiver.end())}
        # The answer is on its way while the message goes out, and often the later of the two; with its way added, what is left is an
        # upper bound of what lies between the commit and the message.
        commits = [arrived[job_of(answer)] - answered + way for _, answered, answer in done]
        whole = [arrived[job_of(answer)] - sent for sent, _, answer in done]
        p50, p99 = median(commits), quantile(commits, .99)
        other = pair(alertmanager(rate, seconds)) if alertmanager else "not installed"
        rows.append(numbered("S3", f"commit to the first byte at the receiver, at {rate:,} events/s, p50 / p99 of {len(done):,}; upper bound, from the answer to the submitter with the way of one answer ({ms(way)}) added",
                        f"{ms(p50)} / {ms(p99)}", "", "", "p50 ≤ 0.5 ms, p99 ≤ 5 ms", p50 <= 0.0005 and p99 <= 0.005))
        rows.append(numbered("S3", f"the submission's first byte to the message's first byte, commit included, at {rate:,} events/s", pair(whole),
                        f"Alertmanager, waits off, nothing stored: {other}"))
    return rows


def pair(values):
    return f"{ms(median(values))} / {ms(quantile(values, .99))}"


def fill(gflow, count, targets, recipient=None):
    """Puts deliveries of as many events into the outbox of a daemon that does not run, in turns to t0, t1, ..., for a recipient where they are mails."""
    store = sqlite3.connect(gflow.database, isolation_level=None)
    store.execute("PRAGMA synchronous = OFF")
    event = store.execute("SELECT max(seq) FROM event WHERE job IS NOT NULL").fetchone()[0]
    last = store.execute("SELECT max(seq) FROM event").fetchone()[0]
    delivery = store.execute("SELECT coalesce(max(seq), 0) FROM delivery").fetchone()[0]
    now = int(time.time() * 1000)
    store.executescript(f"""
        BEGIN;
        CREATE TEMP TABLE n AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) SELECT i FROM n;
        INSERT INTO event (seq, uid, type, at, job, user, stream_type, frame, payload)
            SELECT {last} + i, uid || i, type, at, job, user, stream_type, frame, payload FROM n, event WHERE seq = {event};
        INSERT INTO delivery (seq, event, target, recipient, order_key, state, next_at, deadline)
            SELECT {delivery} + i, {last} + i, 't' || (i % {targets}), {f"'{recipient}'" if recipient else 'NULL'}, {last} + i, 0, {now}, {now + 86_400_000} FROM n;
        COMMIT;
        PRAGMA wal_checkpoint(TRUNCATE);
    """)
    store.close()


def drain(published, tools, targets):
    """Starts with a backlog: seconds to the first delivery, deliveries a second, times of the API's answers meanwhile, distinct messages."""
    with Receiver(scratch(tools)) as receiver:
        with Gflow(published, more=webhooks([receiver.url(f"t{number}") for number in range(targets)], SECRET)) as gflow:
            gflow.submit("true", 0)
            settled(gflow, 10)
            gflow.stop()
            fill(gflow, BACKLOG, targets)
            began = time.monotonic()
            gflow.start()
            answers = []
            with_work = True
            while with_work:
                asked = time.monotonic()
                gflow.ask("GET", "/jobs/1")
                answers.append(time.monotonic() - asked)
                with_work = pending(gflow) > 0
                time.sleep(0.05)
                if time.monotonic() - began > 120:
                    raise RuntimeError("the backlog was not worked off in two minutes")
        told = [request for request in receiver.end() if request.at > began]
    return told[0].at - began, BACKLOG / (told[-1].at - told[0].at), answers, len({request.id for request in told})


def pending(gflow):
    store = sqlite3.connect(f"file:{gflow.database}?mode=ro", uri=True)
    # Through the index of what is due, one row of it: counting would cost the daemon its processor.
    left = store.execute("SELECT count(*) FROM (SELECT 1 FROM delivery WHERE state = 0 LIMIT 1)").fetchone()[0]
    store.close()
    return left


def throughput(published, tools, alertmanager):
    first, rate, answers, distinct = drain(published, tools, 1)
    _, many, _, distinct_many = drain(published, tools, 100)
    complete = distinct >= BACKLOG and distinct_many >= BACKLOG
    return [
        numbered("S4", "signed deliveries to one target, outcome stored", f"{rate:,.0f}/s", *beside(rate, alertmanager), "reported; wanted ≥ 5,000/s"),
        numbered("S4", "signed deliveries to 100 targets, outcome stored", f"{many:,.0f}/s", "", "", "reported; wanted ≥ 6,000/s"),
        numbered("S5", f"start of the process to the first of {BACKLOG:,} waiting deliveries", ms(first), "", "", "reported; wanted ≤ 300 ms"),
        numbered("S5", f"working off {BACKLOG:,}; `GET /jobs/1` meanwhile p50 / p99; all came: {'yes' if complete else 'NO'}", f"{rate:,.0f}/s; {pair(answers)}", "", "", "reported; wanted ≥ 5,000/s"),
    ]


def beside(rate, alertmanager, *how):
    """The columns of what Alertmanager does of the same."""
    if not alertmanager:
        return "Alertmanager is not installed", ""
    other = alertmanager(*how)
    return f"Alertmanager, unsigned, nothing stored: {other:,.0f}/s", f"{rate / other:.2f}"


class Rest:
    """A daemon that has nothing to do for ten minutes, while others are measured, and then one event."""

    SECONDS = 600

    def __init__(self, published, tools):
        self.receiver = Receiver(scratch(tools))
        self.gflow = Gflow(published, more=webhooks([self.receiver.url("t0")]))
        self.job = waiting_jobs(self.gflow)
        settled(self.gflow, 10)
        self.began = time.monotonic()

    def first(self, *_):
        time.sleep(max(0, self.began + self.SECONDS - time.monotonic()))
        [(sent, _, answer)] = paced(self.gflow.socket, [self.job], 1)
        settled(self.gflow, 10)
        took = next(told.at for told in self.receiver.end() if told.job == job_of(answer)) - sent
        self.gflow.__exit__()
        return [numbered("S3", f"the first event after {self.SECONDS // 60} idle minutes: the submission's first byte to the message's first byte, commit included", ms(took), "", "", "≤ 50 ms", took <= 0.05)]


def accept(published, tools, _):
    rates = {0: [], 3: []}
    for _ in range(3):
        for targets, found in rates.items():
            with Receiver(scratch(tools)) as receiver:
                with Gflow(published, more=webhooks([receiver.url(f"t{number}") for number in range(targets)]) if targets else "") as gflow:
                    job = waiting_jobs(gflow)
                    wire.load(gflow.socket, job, 64, 500)
                    whole, took = wire.load(gflow.socket, job, 64, 5000)
                    found.append(len(took) / whole)
    with_three, without = median(rates[3]), median(rates[0])
    return [
        numbered("S1", "submissions a second over HTTP from 64 clients, each with three deliveries in its commit, which go out at the same time", f"{with_three:,.0f}/s", "", "", "reported; wanted ≥ 20,000 events/s"),
        numbered("S2", "the same beside submissions without notifications", f"{with_three:,.0f}/s", f"without {without:,.0f}/s", f"{with_three / without:.2f}", "reported; wanted ≥ 0.85"),
    ]


def order(published, tools, _):
    """5,000 jobs with four events each to five targets that fail every tenth request, and the daemon killed and stopped on the way."""
    jobs, targets = 5000, 5
    with Receiver(scratch(tools)) as receiver:
        with Gflow(published, more=webhooks([receiver.url(f"flaky/{number}") for number in range(targets)])) as gflow:
            job = waiting_jobs(gflow)
            ids = [job_of(answer) for _, _, answer in paced(gflow.socket, [job] * jobs, 1e9)]
            for verb, how in (("hold", signal.SIGKILL), ("release", signal.SIGTERM), ("cancel", signal.SIGKILL)):
                paced(gflow.socket, [wire.request("POST", f"/jobs/{id}/{verb}") for id in ids], 1e9)
                gflow.stop(how)
                gflow.start()
            settled(gflow, 180)
            store = sqlite3.connect(gflow.database)
            transitions, frozen = store.execute("SELECT count(*), sum(payload ->> '$.job.state' = frame ->> '$.new_state') FROM event WHERE job IS NOT NULL").fetchone()
            store.close()
        told = receiver.end()
    wanted = set(ids)
    accepted, last, wrong, refused = set(), {}, 0, 0
    for request in told:
        refused += request.status == 500
        if request.status == 204 and request.job in wanted and (request.path, request.id) not in accepted:
            accepted.add((request.path, request.id))
            wrong += request.sequence <= last.get((request.path, request.job), 0)
            last[request.path, request.job] = request.sequence
    repeats = sum(request.status == 204 and request.job in wanted for request in told) - len(accepted)
    met = wrong == 0 and len(accepted) == jobs * 4 * targets
    return [
        numbered("D5", f"{jobs * 4 * targets:,} deliveries of {jobs:,} jobs to {targets} targets that refuse every tenth request; two SIGKILLs and a stop on the way",
            f"{len(accepted):,} accepted, {wrong} out of order, {refused:,} refused and tried again, {repeats} repeats", "", "", "all, 0 out of order", met),
        numbered("D6", "payloads beside the journal of states, while jobs moved on", f"{frozen:,} of {transitions:,} equal", "", "", "all of ≥ 10,000", frozen == transitions >= 10_000),
    ]


def idle(published, tools, _):
    with Receiver(scratch(tools), "close") as receiver, Gflow(published, more=webhooks([receiver.url("t0")])) as gflow:
        gflow.submit("true", 0)
        time.sleep(8)
        before, began = processor(gflow.daemon.pid), time.monotonic()
        time.sleep(25)
        share = (processor(gflow.daemon.pid) - before) / (time.monotonic() - began)
    return [numbered("S7", "processor time of a daemon with a message waiting for a dead target, over 25 s", f"{share:.2%}", "", "", "reported; wanted ≤ 0.1 %")]


def memory(published, tools, alertmanager):
    with Receiver(scratch(tools)) as receiver, Gflow(published, more=webhooks([receiver.url("hang/0")])) as gflow:
        gflow.submit("true", 0)
        gflow.stop()
        sizes = []
        for count in (BACKLOG, 9 * BACKLOG):
            fill(gflow, count, 1)
            gflow.start()
            time.sleep(8)
            sizes.append(processes.memory(gflow.daemon.pid)[0] / 1024)
            gflow.stop()
            gflow.daemon.wait()
        gflow.start()
    return [numbered("I7", f"resident memory with {BACKLOG:,} / {10 * BACKLOG:,} deliveries waiting for a target that hangs, 8 s after the start",
                f"{sizes[0]:.1f} / {sizes[1]:.1f} MiB", f"Alertmanager with {BACKLOG // 5:,}: {alertmanager(BACKLOG // 5):.0f} MiB" if alertmanager else "", "", "reported; wanted ≤ 64 MB, ≤ 8 MB more")]
