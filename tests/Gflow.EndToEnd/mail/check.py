"""check.py DIRECTORY: reads the mails of a directory as Python does, strictly, and compares them with what manifest.json says of them."""

import email
import email.policy
import email.utils
import html.parser
import json
import pathlib
import sys


class Markup(html.parser.HTMLParser):
    """Gathers what could load, run, lead elsewhere or take something in."""

    def __init__(self, text):
        super().__init__()
        self.forbidden = []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag in {"script", "img", "link", "iframe", "object", "embed", "form", "input", "base", "a", "svg", "video", "audio"}:
            self.forbidden.append(tag)
        self.forbidden += [name for name, value in attrs if name in {"src", "href", "background", "srcset"} or name.startswith("on") or "url(" in (value or "")]


directory = pathlib.Path(sys.argv[1])
roots, ids = {}, set()
for expected in json.loads((directory / "manifest.json").read_text()):
    raw = (directory / expected["file"]).read_bytes()

    def check(condition, what):
        if not condition:
            sys.exit(f"{expected['file']}: {what}\n{raw.decode('ascii', 'replace')[:3000]}")

    check(all(byte < 128 for byte in raw), "not seven bits")
    check(b"\0" not in raw and raw.count(b"\r") == raw.count(b"\n") == raw.count(b"\r\n"), "a bare CR or LF, or a NUL")
    check(all(len(line) <= 998 for line in raw.split(b"\r\n")), "a line of more than 998 bytes")

    message = email.message_from_bytes(raw, policy=email.policy.strict)
    check(not message.defects, f"defects {message.defects}")
    for name, value in message.items():
        check(not value.defects, f"{name} has {value.defects}")

    names = [name.lower() for name in message.keys()]
    for once in ["from", "to", "subject", "date", "message-id", "auto-submitted", "list-id", "mime-version", "content-type"]:
        check(names.count(once) == 1, f"{once} is there {names.count(once)} times")
    known = {"x-auto-response-suppress", "in-reply-to", "references", "content-transfer-encoding"}
    check(set(names) <= known | {"from", "to", "subject", "date", "message-id", "auto-submitted", "list-id", "mime-version", "content-type"}, f"headers {names}")
    check(len(message["To"].addresses) == len(message["From"].addresses) == 1, "not one sender and one recipient")
    check(message["To"].addresses[0].addr_spec == expected["recipient"], message["To"])
    check(message["From"].addresses[0].display_name == expected["sender"], message["From"])
    check(message["Auto-Submitted"] == "auto-generated", "may be answered by machines")
    check(message["Subject"] == expected["subject"], f"subject {message['Subject']!r}")
    check(message.get_content_type() == "multipart/alternative", message.get_content_type())
    parts = list(message.iter_parts())
    check(not any(part.defects for part in parts), f"defects {[part.defects for part in parts]}")
    check([part.get_content_type() for part in parts] == ["text/plain", "text/html"], f"parts {[part.get_content_type() for part in parts]}")
    text, page = (part.get_content().replace("\r\n", "\n") for part in parts)
    check(text == expected["text"], f"text {text!r}")
    check(not Markup(page).forbidden, f"{Markup(page).forbidden} in {page}")
    check(email.utils.parsedate_to_datetime(message["Date"]).isoformat() == expected["date"], message["Date"])

    check(message["Message-ID"] not in ids, "its id is that of another")
    ids.add(message["Message-ID"])
    if expected["job"] is None:
        check("References" not in message, "a thread without a job")
    else:
        check(message["In-Reply-To"] == message["References"], "two threads at once")
        check(roots.setdefault(expected["job"], message["References"]) == message["References"], "not in the thread of its job")

if len(set(roots.values())) != len(roots):
    sys.exit("two jobs share a thread")
