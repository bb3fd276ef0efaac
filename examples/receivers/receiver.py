# receiver.py PORT SECRET_FILE: takes gflow's webhooks, each once.
import base64, collections, hashlib, hmac, http.server, json, sys, time

TOLERANCE = 300  # seconds between the sender's clock and ours
LARGEST = 1 << 20
REMEMBERED = 10_000

key = base64.b64decode(open(sys.argv[2]).read().strip().removeprefix("whsec_"))
seen = collections.OrderedDict()


def genuine(headers, body):
    name, stamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not stamp.isdecimal() or abs(time.time() - int(stamp)) > TOLERANCE:
        return False
    mac = hmac.new(key, f"{name}.{stamp}.".encode() + body, hashlib.sha256).digest()
    right = b"v1," + base64.b64encode(mac)
    return any(hmac.compare_digest(right, one.encode()) for one in headers.get("webhook-signature", "").split())


class Receiver(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > LARGEST:
            return self.answer(413)
        body = self.rfile.read(int(length))
        if not genuine(self.headers, body):
            return self.answer(401)
        name = self.headers["webhook-id"]
        if name in seen:
            print("repeated", name, flush=True)
            return self.answer(204)
        print("taken", json.loads(body)["event"], name, flush=True)  # your work goes here
        seen[name] = True
        if len(seen) > REMEMBERED:
            seen.popitem(last=False)
        self.answer(204)

    def answer(self, status):
        self.send_response(status)
        self.send_header("Connection", "close")  # or some clients would send the next one on it
        self.end_headers()

    def log_message(self, *_):
        pass


http.server.HTTPServer(("127.0.0.1", int(sys.argv[1])), Receiver).serve_forever()
