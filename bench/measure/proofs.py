"""Rows that tests prove: hours on a virtual clock, tables, and everything that is either so or not."""
import subprocess
import sys

from table import numbered

PLAIN, PUBLISHED = "tests/Gflow.Tests/bin/Release/net10.0/Gflow.Tests", "e2e"

PROOFS = (
    ("D2", "a repeat has the same id and the same bytes", PLAIN, ("Notifications.OutboxPumpTests",)),
    ("D3", "no job version without its event and no event without its job version, after each of 25 kills; D1 and D2 with them", PUBLISHED, ("Survival.DeliveryKillTests",)),
    ("S6", "retries at their time, never early, on a virtual clock", PLAIN, ("Notifications.RetryScheduleTests", "Notifications.OutboxPumpTests")),
    ("I3", "every kind of badness of one server ends with the attempt's deadline", PLAIN, ("Notifications.Webhook.WebhookSinkTests", "Notifications.Webhook.WebhookConnectionTests")),
    ("I4", "a mail server that falls silent, at every step", PLAIN, ("Notifications.Email.EmailSinkTests",)),
    ("I5", "10,000 waiting for a dead target for an hour", PLAIN, ("Notifications.LaneHealthTests",)),
    ("I6", "a target that is back gets one, two, four at once", PLAIN, ("Notifications.LaneHealthTests", "Notifications.TargetHealthTests")),
    ("B1", "every status has its verdict", PLAIN, ("Notifications.VerdictTests",)),
    ("B2", "signatures, and receivers' own libraries", PLAIN, ("Notifications.WebhookSignatureTests",)),
    ("B2", "the same, with the published daemon", PUBLISHED, ("Notifications.SignatureTests",)),
    ("B3", "addresses where notifications do not go", PLAIN, ("Notifications.AddressRulesTests", "Notifications.GuardedConnectorTests")),
    ("B4", "planted secrets are nowhere", PLAIN, ("Notifications.SecrecyTests",)),
    ("B4", "nobody looks into the daemon", PUBLISHED, ("Lifecycle.SealedTests",)),
    ("B5", "each recipient has an outcome of its own", PLAIN, ("Notifications.Email.EmailSinkTests", "Notifications.VerdictTests")),
    ("B7", "a bad file leaves the old configuration in force", PLAIN, ("Lifecycle.GflowdCommandTests", "Lifecycle.DaemonHostTests")),
    ("B10", "the predecessor's configurations load, or are refused with a remedy", PLAIN, ("Configuration.ConfigDocsTests", "Configuration.ConfigProblemTests", "Configuration.EnvironmentLayerTests")),
)


def prove(published, _tools, _alertmanager):
    rows = []
    for number, what, program, classes in PROOFS:
        names = [word for name in classes for word in ("-class", f"Gflow.{'EndToEnd' if program == PUBLISHED else 'Tests'}.{name}")]
        command = ["eng/e2e", published] if program == PUBLISHED else [program, "-noColor", "-noLogo"]
        ran = subprocess.run([*command, *names], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        total = next((line.split("Total:")[1].split(",")[0].strip() for line in ran.stdout.splitlines() if "Total:" in line), "0")
        met = ran.returncode == 0 and total != "0"
        if not met:
            print(ran.stdout, ran.stderr, sep="\n", file=sys.stderr)
        rows.append(numbered(number, what, f"{total} tests of {', '.join(name.rpartition('.')[2] for name in classes)} {'pass' if met else 'FAIL'}", "", "", "all pass", met))
    return rows
