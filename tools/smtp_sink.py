"""A mail server that keeps every message and delivers none.

Each message becomes a file .eml in a folder, and one line of messages.jsonl that tells who
sent it to whom, its subject and its attachments.
"""

import argparse
import asyncio
import email
import json
import signal
from datetime import UTC, datetime
from email import policy
from pathlib import Path

from aiosmtpd.smtp import SMTP

INDEX = "messages.jsonl"
MAX_BYTES = 64 * 1024 * 1024


def describe(content):
    """:return: what the index tells of a message besides its envelope"""
    message = email.message_from_bytes(content, policy=policy.default)
    return {
        "from": str(message.get("From", "")),
        "to": str(message.get("To", "")),
        "subject": str(message.get("Subject", "")),
        "message_id": str(message.get("Message-Id", "")).strip(),
        "attachments": [part.get_filename() or "" for part in message.iter_attachments()],
    }


class Sink:
    """aiosmtpd's handler: stores what is received."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.folder.mkdir(parents=True, exist_ok=True)
        self.count = max((int(f.stem) for f in self.folder.glob("[0-9]*.eml")), default=0)

    async def handle_DATA(self, server, session, envelope):
        self.count += 1
        path = self.folder / f"{self.count:06d}.eml"
        path.write_bytes(envelope.original_content)
        entry = {
            "file": path.name,
            "received": datetime.now(UTC).isoformat(timespec="seconds"),
            "mail_from": envelope.mail_from,
            "rcpt_to": envelope.rcpt_tos,
            **describe(envelope.original_content),
        }
        with (self.folder / INDEX).open("a", encoding="utf-8") as index:
            index.write(json.dumps(entry, ensure_ascii=False) + "\n")
        return "250 Message kept"


async def serve(host, port, folder):
    """Serve until the process is told to end."""
    sink = Sink(folder)
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    server = await loop.create_server(
        lambda: SMTP(sink, data_size_limit=MAX_BYTES, enable_SMTPUTF8=True, loop=loop),
        host=host,
        port=port,
    )
    real_port = server.sockets[0].getsockname()[1]
    print(f"listening on {host}:{real_port}, messages go to {sink.folder}", flush=True)
    await stop.wait()
    server.close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8025, help="0: any free port, which is printed")
    parser.add_argument("--dir", required=True, help="the folder for the messages")
    args = parser.parse_args()
    asyncio.run(serve(args.host, args.port, args.dir))


if __name__ == "__main__":
    main()
