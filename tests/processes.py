"""Odoo processes and a mail server for tests of what is real about both."""

import email
import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress
from email import policy
from pathlib import Path

from aiosmtpd.controller import Controller

from tools.smtp_sink import Sink

ANSWER_SECONDS = 120  # then a process hangs


def find_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class ProcessDied(Exception):
    """The process was killed, or ended by itself, before it answered."""


class Odoo:
    """Odoo, loaded once; starts processes that are there at once."""

    def __init__(self, database, folder):
        self.folder = folder
        self.log = folder / "odoo.log"
        self.started = []
        command = [sys.executable, str(Path(__file__).with_name("odoo_process.py")), database]
        with self.log.open("ab") as stderr:
            self.process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=stderr, text=True
            )
        if self.process.stdout.readline() != "ready\n":
            raise ProcessDied(self.log.read_text())

    def start(self):
        path = self.folder / f"{len(self.started)}.sock"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            listener.settimeout(60)
            self.process.stdin.write(f"{path}\n")
            self.process.stdin.flush()
            connection = listener.accept()[0]
        self.started.append(OdooProcess(connection, self.log))
        return self.started[-1]

    def stop(self):
        for process in self.started:
            process.kill()
        self.process.stdin.close()
        self.process.wait(timeout=30)


class OdooProcess:
    """A process of odoo_process.py."""

    def __init__(self, connection, log):
        self.log = log
        connection.settimeout(ANSWER_SECONDS)
        self.channel = connection.makefile("rw", encoding="utf-8")
        connection.close()
        self.alive = True
        self.pid = self.receive()

    def send(self, command, /, **arguments):
        self.channel.write(json.dumps([command, arguments]) + "\n")
        self.channel.flush()

    def receive(self):
        try:
            line = self.channel.readline()
        except ConnectionError:
            line = ""
        if not line:
            self.alive = False
            raise ProcessDied(self.log.read_text()[-3000:])
        answer = json.loads(line)
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return answer["result"]

    def __call__(self, command, /, **arguments):
        self.send(command, **arguments)
        return self.receive()

    def kill(self):
        """kill -9: no clean-up of any kind."""
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        self.alive = False


class MailServer:
    """A real SMTP server that keeps messages, refuses recipients, or kills who sends to it.

    ``refuse``: address -> answer (such as ``450 later``); ``on_message``: called with each message
    once it is kept, before the sender is told so; ``drop``: how many messages it keeps and ends the
    session without an answer; ``on_recipient``: called with each address, before it is agreed on.
    """

    def __init__(self, folder):
        self.sink = Sink(folder)
        self.folder = folder
        self.refuse = {}
        self.on_message = None
        self.on_recipient = None
        self.drop = 0
        self.port = find_free_port()
        self.controller = self._make_controller()
        self.controller.start()

    def _make_controller(self):
        return Controller(self, hostname="127.0.0.1", port=self.port, enable_SMTPUTF8=True)

    def stop(self):
        self.controller.stop()

    def start(self):
        self.controller = self._make_controller()
        self.controller.start()

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refuse:
            return self.refuse[address]
        if self.on_recipient:
            self.on_recipient(address)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = await self.sink.handle_DATA(server, session, envelope)
        if self.on_message:
            self.on_message()
        if self.drop:
            self.drop -= 1
            server.transport.abort()
        return answer

    def get_times(self, address):
        """When messages for an address were there whole, in seconds."""
        return [
            path.stat().st_mtime
            for path in self.folder.glob("*.eml")
            if address.encode() in path.read_bytes()
        ]

    def messages(self, *addresses):
        """Messages kept for these addresses (for all, without any), in order."""
        kept = [
            email.message_from_bytes(path.read_bytes(), policy=policy.default)
            for path in sorted(self.folder.glob("*.eml"))
        ]
        return [
            message
            for message in kept
            if not addresses or any(address in message["To"] for address in addresses)
        ]
