"""Odoo processes of the caller's own, which it commands and kills: the caller's side of
:mod:`.served`."""

import json
import os
import signal
import socket
import subprocess
import sys
from contextlib import suppress

ANSWER_SECONDS = 120  # then a process hangs


class ProcessDied(Exception):
    """The process was killed, or ended by itself, before it answered."""


class Odoo:
    """Odoo, loaded once; starts processes that are there at once.

    :param command: what starts it, less the name of the database: Python's arguments
    """

    def __init__(self, database, folder, *command):
        self.folder = folder
        self.log = folder / "odoo.log"
        self.started = []
        with self.log.open("ab") as stderr:
            self.process = subprocess.Popen(
                [sys.executable, *map(str, command), database],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )
        if self.process.stdout.readline() != "ready\n":
            raise ProcessDied(self.log.read_text())

    def start(self, patience=ANSWER_SECONDS):
        """:param patience: seconds that an answer of the process may take"""
        path = self.folder / f"{len(self.started)}.sock"
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind(str(path))
            listener.listen()
            listener.settimeout(60)
            self.process.stdin.write(f"{path}\n")
            self.process.stdin.flush()
            connection = listener.accept()[0]
        self.started.append(OdooProcess(connection, self.log, patience))
        return self.started[-1]

    def stop(self):
        for process in self.started:
            process.kill()
        self.process.stdin.close()
        self.process.wait(timeout=30)


class OdooProcess:
    """A process that takes commands (:func:`.served.serve`)."""

    def __init__(self, connection, log, patience):
        self.log = log
        connection.settimeout(patience)
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
        if self.alive:  # its number may be another's by now
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)
        self.alive = False
