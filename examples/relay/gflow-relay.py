#!/usr/bin/env python3
"""Takes gflow's webhooks and posts them to Slack, Discord, Mattermost or ntfy.

Secrets are read from files, so that no listing of processes shows them. What the service answers decides what gflow is
answered: it tries again, gives the message up, or stops the target until somebody has fixed the cause.
"""
import argparse, base64, collections, hashlib, hmac, http.client, http.server, json, math, re, sys, threading, time
import urllib.error, urllib.parse, urllib.request

TOLERANCE = 300  # seconds between gflow's clock and ours
LARGEST = 1 << 20
REMEMBERED = 10_000
PATIENCE = 8  # seconds; gflow's own are 10 unless its timeout_secs says otherwise
LONGEST_REASON = 300

# A zero-width space: whatever follows an @ then names nobody.
QUIET = "@\u200b"


def of_slack(character):
    return {"&": "&amp;", "<": "&lt;", ">": "&gt;", "@": QUIET}.get(character, character)


def of_markdown(character):
    return QUIET if character == "@" else "\\" + character if character in "\\`*_~|>[]()#!-+.{}" else character


# The body, how a character is escaped, and the longest text: the service's limit, counted in bytes to be on the safe side.
SERVICES = {
    "slack": (lambda text, _: {"text": text, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}, of_slack, 4000),
    "discord": (lambda text, _: {"content": text, "allowed_mentions": {"parse": []}, "flags": 4}, of_markdown, 2000),  # 4: no previews
    "mattermost": (lambda text, _: {"text": text}, of_markdown, 16383),
    "ntfy": (lambda text, topic: {"topic": topic, "title": "gflow", "message": text}, str, 4096),
}


def sentence(event):
    """What happened, in lines for people."""
    name = str(event["event"]).replace("_", " ").capitalize().replace("Gpu", "GPU")
    host = event["scheduler"]["host"]
    job, reservation, gpu = event.get("job"), event.get("reservation"), event.get("gpu")
    lines = [f"{name} on {host}"]
    if job:
        lines = [f"{name}: job {job['id']} ({job['name']}) of {job['user']} on {host}"]
        how = f"exit code {job['exit_code']}" if "exit_code" in job else f"signal {job['signal']}" if "signal" in job else None
        ran = f"ran for {job['runtime']}" if "runtime" in job else None
        lines.append(", ".join(filter(None, [how, ran, job.get("reason_text")])))
    if reservation:
        lines = [f"{name}: reservation {reservation['id']} of {reservation['user']} on {host}"]
        lines.append(f"{reservation['gpu_count']} GPUs, {reservation['start_time']} to {reservation['end_time']}")
    if gpu:
        lines = [f"{name}: GPU {gpu['index']} on {host}"]
    lines.append(event.get("text"))
    return "\n".join(filter(None, lines))


def fitted(text, escape, limit):
    """Escaped, and cut between characters where it would get too long."""
    escaped, size, room = [], 0, limit - len("…".encode())
    for character in text:
        piece = escape(character)
        size += len(piece.encode())
        if size > room:
            return "".join(escaped) + "…"
        escaped.append(piece)
    return "".join(escaped)


class NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_):
        return None


class Relay:
    def __init__(self, service, key, url, token):
        self.name, self.key, self.url, self.token = service, key, url, token
        self.message, self.escape, self.limit = SERVICES[service]
        server, slash, self.topic = url.rpartition("/")
        self.address = server + slash if service == "ntfy" else url
        self.opener = urllib.request.build_opener(NoRedirects)
        self.posted = collections.OrderedDict()
        self.one_at_a_time = threading.Lock()

    def genuine(self, headers, body):
        name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
        if not re.fullmatch("[0-9]{1,12}", stamp) or abs(time.time() - int(stamp)) > TOLERANCE:
            return False
        mac = hmac.new(self.key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
        right = b"v1," + base64.b64encode(mac)
        return any(hmac.compare_digest(right, one.encode()) for one in headers.get("webhook-signature", "").split())

    def answer(self, headers, body):
        """Status, reason and the service's Retry-After for gflow."""
        if not self.genuine(headers, body):
            return 401, "the signature is wrong, or a clock is", None
        try:
            text = fitted(sentence(json.loads(body)), self.escape, self.limit)
        except (ValueError, KeyError, TypeError, AttributeError):
            return 400, "the body is no event of gflow", None
        # A repetition waits for the end of the first, and is then known.
        with self.one_at_a_time:
            if headers["webhook-id"] in self.posted:
                return 204, "", None
            verdict = self.post(text)
            if verdict[0] == 204:
                self.posted[headers["webhook-id"]] = True
                if len(self.posted) > REMEMBERED:
                    self.posted.popitem(last=False)
            return verdict

    def post(self, text):
        message = json.dumps(self.message(text, self.topic), ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "gflow-relay"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        try:
            request = urllib.request.Request(self.address, message, headers)
            with self.opener.open(request, timeout=PATIENCE):
                return 204, "", None
        except urllib.error.HTTPError as refusal:
            with refusal:
                return self.verdict(refusal.code, self.words(refusal), refusal.headers.get("Retry-After"))
        except (OSError, http.client.HTTPException) as fault:
            return 503, f"{self.name} was not reached: {type(getattr(fault, 'reason', fault)).__name__}", None

    def verdict(self, status, words, wait):
        reason = f"{self.name} answered {status}: {words}"
        if status in (408, 425, 429) or not 300 <= status <= 499:
            return 503, reason, wait
        # 410 would stop the target for good, but it is the service's address that is gone, and that is ours to fix.
        return 404 if status == 410 else status, reason, None

    def words(self, refusal):
        """What the service said, without the secrets, which it may repeat."""
        try:
            said = refusal.read(4 * LONGEST_REASON).decode(errors="replace")
        except (OSError, http.client.HTTPException):
            return ""
        address = urllib.parse.urlsplit(self.url)
        secrets = [self.url, *address.path.split("/"), address.query, self.token]
        for secret in sorted(filter(None, secrets), key=len, reverse=True):
            said = said.replace(secret, "***")
        return " ".join(said.split())[:LONGEST_REASON]


class Handler(http.server.BaseHTTPRequestHandler):
    timeout = PATIENCE

    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not re.fullmatch("[0-9]{1,12}", length) or int(length) > LARGEST:
            return self.finish_with(413, "the body is too large", None)
        self.finish_with(*self.server.relay.answer(self.headers, self.rfile.read(int(length))))

    def finish_with(self, status, reason, wait):
        self.send_response(status)
        # Without it some clients keep the connection after a 204, and lose their next message on it.
        self.send_header("Connection", "close")
        if wait and re.fullmatch(r"[0-9]{1,9}(\.[0-9]+)?", wait):
            self.send_header("Retry-After", str(math.ceil(float(wait))))
        self.end_headers()
        self.wfile.write(reason.encode())
        if reason:
            print(status, reason, file=sys.stderr, flush=True)

    def log_message(self, *_):
        pass


def main():
    parser = argparse.ArgumentParser(description="Takes gflow's webhooks and posts them to a chat.")
    parser.add_argument("service", choices=SERVICES)
    parser.add_argument("port", type=int, help="where to listen, at 127.0.0.1")
    parser.add_argument("secret", type=signing_key, help="file with the secret of gflow's target")
    parser.add_argument("url", type=content, help="file with the service's URL")
    parser.add_argument("token", type=content, nargs="?", help="file with an access token (ntfy)")
    given = parser.parse_args()
    if not re.match("https?://[^/]+/.", given.url):
        parser.error("the file of the URL holds none; it begins with https:// and has a path")
    server = http.server.ThreadingHTTPServer(("127.0.0.1", given.port), Handler)
    server.relay = Relay(given.service, given.secret, given.url, given.token)
    server.serve_forever()


def signing_key(path):
    return base64.b64decode(content(path).removeprefix("whsec_"))


def content(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().strip()
    except OSError as fault:
        raise argparse.ArgumentTypeError(f"cannot be read: {fault}")


if __name__ == "__main__":
    main()
