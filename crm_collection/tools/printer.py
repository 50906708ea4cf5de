"""A process that prints pages: orders come in by its standard input, PDFs go out by its output.

    python printer.py MODULE

It knows the module of the functions that it is asked for and nothing of Odoo: it starts in the
time the engine takes to load, and inherits neither connections nor threads. It ends by itself
where nobody asks for a while, and where whoever started it is gone, whatever it does then.
"""

import contextlib
import gc
import importlib.util
import json
import os
import select
import struct
import sys
import threading
import time

SIZE = struct.Struct(">Q")
DONE, FAILED = b"+", b"-"
IDLE_SECONDS = 60
# Pages between two garbage collections: one leaves a megabyte of references in circles.
PRINTED_PER_COLLECTION = 20
LOOK_EVERY = 1  # seconds between two looks for whoever started it


def read_piece(stream):
    """:return: what came, or None where the other side is gone"""
    head = stream.read(SIZE.size)
    if len(head) < SIZE.size:
        return None
    (size,) = SIZE.unpack(head)
    piece = stream.read(size)
    return piece if len(piece) == size else None


def write_piece(stream, piece):
    stream.write(SIZE.pack(len(piece)) + piece)
    stream.flush()


def load(path):
    spec = importlib.util.spec_from_file_location("pages", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _end_with(parent):
    while os.getppid() == parent:
        time.sleep(LOOK_EVERY)
    os._exit(1)


def _allow_time():
    """How long a worker of Odoo's may compute counts from its own beginning, and is inherited."""
    with contextlib.suppress(ImportError, ValueError, OSError):
        import resource  # noqa: PLC0415 (not on every system)

        hard = resource.getrlimit(resource.RLIMIT_CPU)[1]
        resource.setrlimit(resource.RLIMIT_CPU, (hard, hard))


def _answer(module, order):
    try:
        return DONE + getattr(module, order["function"])(*order["arguments"])
    except Exception as error:  # noqa: BLE001 - whatever it is, whoever asked is told
        return FAILED + f"{type(error).__name__}: {error}".encode()


def main():
    threading.Thread(target=_end_with, args=[os.getppid()], daemon=True).start()
    _allow_time()
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what anybody prints is no answer
    module = load(sys.argv[1])
    count = 0
    while select.select([sys.stdin], [], [], IDLE_SECONDS)[0]:
        order = read_piece(sys.stdin.buffer)
        if order is None:
            return
        write_piece(output, _answer(module, json.loads(order)))
        count += 1
        if count % PRINTED_PER_COLLECTION == 0:
            gc.collect()  # while nobody waits


if __name__ == "__main__":
    main()
