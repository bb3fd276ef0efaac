# server.py PORT CERTIFICATE USER PASSWORD: a mail server that takes mail after STARTTLS and a login alone. It says
# of each mail in a line of JSON which connection it came over, with which TLS and login, and its subject.
import email, json, ssl, sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult

port, certificate, user, password = int(sys.argv[1]), sys.argv[2], sys.argv[3].encode(), sys.argv[4].encode()


class Handler:
    async def handle_DATA(self, server, session, envelope):
        mail = email.message_from_bytes(envelope.content)
        print(json.dumps({"peer": session.peer[1], "tls": session.ssl is not None, "login": session.authenticated, "subject": mail["Subject"]}), flush=True)
        return "250 2.0.0 taken"


def login(server, session, envelope, mechanism, data):
    return AuthResult(success=(data.login, data.password) == (user, password))


tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
tls.load_cert_chain(certificate)
Controller(Handler(), hostname="127.0.0.1", port=port, tls_context=tls, require_starttls=True, authenticator=login, auth_required=True, auth_require_tls=True).start()
while True:
    time.sleep(3600)
