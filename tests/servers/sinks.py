"""Sinks on loopback: a mail server that speaks SMTP, and a webhook. They keep what they get, and refuse when told to."""

import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_string
from email.message import Message
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson


@dataclass
class MailSink:
    """What came by SMTP. With `refuses` every message is answered with 451."""

    port: int = 0
    messages: list[Message] = field(default_factory=list)
    recipients: list[str] = field(default_factory=list)
    refuses: bool = False

    def subjects(self) -> list[str]:
        return [str(message["Subject"]) for message in self.messages]


@contextmanager
def mail_sink() -> Iterator[MailSink]:
    """A mail server for as long as the context lasts (RFC 5321, the commands that smtplib uses)."""
    sink = MailSink()

    class Session(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 sink")
            while line := self.rfile.readline().decode().strip():
                command = line.partition(" ")[0].upper()
                if command == "QUIT":
                    return self._say("221 bye")
                if command == "DATA":
                    self._data()
                elif command == "RCPT":
                    sink.recipients.append(line.partition("<")[2].partition(">")[0])
                    self._say("250 ok")
                else:
                    self._say("250 ok")
            return None

        def _data(self) -> None:
            self._say("354 go on")
            lines: list[str] = []
            while (line := self.rfile.readline().decode()) not in (".\r\n", ""):
                lines.append(line.removeprefix(".") if line.startswith("..") else line)
            if sink.refuses:
                return self._say("451 try again later")
            sink.messages.append(message_from_string("".join(lines)))
            return self._say("250 kept")

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Session) as server:
        server.daemon_threads = True
        sink.port = server.server_address[1]
        with _serving(server):
            yield sink


@dataclass(frozen=True)
class Posted:
    """One message to a webhook."""

    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def document(self) -> dict[str, Any]:
        return dict(orjson.loads(self.body))


@dataclass
class HookSink:
    """What came by webhook, and with which status it is answered."""

    url: str = ""
    posted: list[Posted] = field(default_factory=list)
    status: int = 204


@contextmanager
def hook_sink() -> Iterator[HookSink]:
    """A webhook for as long as the context lasts."""
    sink = HookSink()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            headers = {name.lower(): value for name, value in self.headers.items()}
            sink.posted.append(Posted(self.path, headers, body))
            self.send_response(sink.status)
            if sink.status == 302:
                self.send_header("Location", sink.url)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """The tests look for themselves."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        sink.url = f"http://127.0.0.1:{server.server_address[1]}/hooks/a-secret-path-of-its-own?key=4711"
        with _serving(server):
            yield sink


@contextmanager
def _serving(server: socketserver.BaseServer) -> Iterator[None]:
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()
