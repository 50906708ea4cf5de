"""A mail server for tests of what is real about mail."""

import email
import socket
import time
from email import policy

from aiosmtpd.controller import Controller

from .smtp_sink import Sink


def find_free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class MailServer:
    """A real SMTP server that keeps messages, refuses recipients, or kills who sends to it.

    ``refuse``: address -> answer (such as ``450 later``); ``on_message``: called with each message
    once it is kept, before the sender is told so; ``drop``: how many messages it keeps and ends the
    session without an answer; ``on_recipient``: called with each address, before it is agreed on.
    ``agreed``: when the recipient of each message it keeps was agreed on, by Message-Id.
    """

    def __init__(self, folder):
        self.sink = Sink(folder)
        self.folder = folder
        self.refuse = {}
        self.on_message = None
        self.on_recipient = None
        self.drop = 0
        self.agreed = {}
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
        session.agreed = time.time()
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        answer = await self.sink.handle_DATA(server, session, envelope)
        message = email.message_from_bytes(envelope.original_content, policy=policy.default)
        self.agreed[str(message["Message-Id"]).strip()] = session.agreed
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
