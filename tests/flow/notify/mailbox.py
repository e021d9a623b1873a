"""A mail server on a loopback socket that keeps what it is given, and knows one password and one mailbox."""

from __future__ import annotations

import base64
import email
import email.policy
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage

USER, PASSWORD, TO = "rob%61t@example.com", "p%41ss word", "books@example.com"
_LOGIN = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())


@dataclass
class Mailbox:
    """What has arrived, and where the server is."""

    address: str = ""
    mails: list[EmailMessage] = field(default_factory=list)


@contextmanager
def mail_server() -> Iterator[Mailbox]:
    """A running server (RFC 5321, AUTH PLAIN of RFC 4954)."""
    box = Mailbox()

    class Session(socketserver.StreamRequestHandler):
        timeout = 10

        def handle(self) -> None:
            self.answer(b"220 mail.example.com")
            for line in iter(self.rfile.readline, b""):
                verb, _, rest = line.strip().partition(b" ")
                match verb.upper():
                    case b"EHLO":
                        self.answer(b"250-mail.example.com\r\n250 AUTH PLAIN")
                    case b"AUTH":
                        is_known = rest == b"PLAIN " + _LOGIN
                        self.answer(b"235 fine" if is_known else b"535 5.7.8 who is that")
                    case b"RCPT":
                        self.answer(b"250 fine" if TO.encode() in rest else b"550 5.1.1 nobody here")
                    case b"DATA":
                        self.answer(b"354 go on")
                        box.mails.append(self.taken())
                        self.answer(b"250 taken")
                    case b"QUIT":
                        self.answer(b"221 bye")
                        return
                    case _:
                        self.answer(b"250 fine")

        def answer(self, line: bytes) -> None:
            self.wfile.write(line + b"\r\n")

        def taken(self) -> EmailMessage:
            lines = iter(self.rfile.readline, b".\r\n")
            return email.message_from_bytes(b"".join(lines), _class=EmailMessage, policy=email.policy.default)

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        box.address = f"127.0.0.1:{server.server_address[1]}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        yield box
        server.shutdown()
