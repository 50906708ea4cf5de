"""Pages printed by several processes at once: printing is most of the work of a letter."""

import contextlib
import functools
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing.connection import wait
from pathlib import Path

from . import printer

SECONDS = 300  # a page that takes longer never ends
TRIES = 2  # a process may have ended a moment ago, by itself or by the system


class PrintError(Exception):
    """A page cannot be printed."""


class Printer:
    """A process that prints, started when it is needed, and again where it ended."""

    def __init__(self, module):
        self.module = module
        self.process = None

    def print(self, function, arguments):
        """:return: the PDF
        :raise PrintError: the page cannot be printed, or ends whoever prints it
        """
        order = json.dumps({"function": function, "arguments": arguments}).encode()
        for _try in range(TRIES):
            answer = self._ask(order)
            if answer is None:
                self.stop()
            elif answer[:1] == printer.DONE:
                return answer[1:]
            else:
                raise PrintError(answer[1:].decode())
        raise PrintError("the process that prints was ended while it printed the page")

    def _ask(self, order):
        """:return: the answer, or None where the process is gone
        :raise PrintError: it takes too long
        """
        if self.process is None:
            self._start()
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            printer.write_piece(self.process.stdin, order)
            # not `select`, which knows no file beyond the first thousand of a process
            if not wait([self.process.stdout], SECONDS):
                self.stop()
                raise PrintError(f"printing the page takes more than {SECONDS} seconds")
            return printer.read_piece(self.process.stdout)
        return None

    def _start(self):
        self.process = subprocess.Popen(
            [sys.executable, Path(printer.__file__), self.module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            start_new_session=True,
        )

    def stop(self):
        if self.process is None:
            return
        self.process.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            with contextlib.suppress(OSError):
                pipe.close()
        self.process.wait()
        self.process = None


class Printers:
    """So many processes that print, each asked by a thread of its own.

    :param module: whose functions print
    """

    def __init__(self, module, count):
        self.module = module
        self.own = threading.local()
        self.printers = []
        self.threads = ThreadPoolExecutor(count, thread_name_prefix="crm_collection_print")

    def submit(self, function, *arguments):
        """:return: the ``Future`` of a PDF"""
        return self.threads.submit(self._print, function, arguments)

    def _print(self, function, arguments):
        """A system that starts no process has the page printed by this one."""
        try:
            return self._get_own().print(function, arguments)
        except OSError:
            return getattr(self.module, function)(*arguments)

    def _get_own(self):
        if not hasattr(self.own, "printer"):
            self.own.printer = Printer(self.module.__file__)
            self.printers.append(self.own.printer)
        return self.own.printer

    def close(self):
        """End the processes now; they would by themselves a while later."""
        self.threads.shutdown()
        for each in self.printers:
            each.stop()


class Here:
    """The same, printed at once by who asks."""

    def __init__(self, module):
        self.module = module

    def submit(self, function, *arguments):
        future = Future()
        try:
            future.set_result(getattr(self.module, function)(*arguments))
        except Exception as error:  # noqa: BLE001 - told where the PDF is asked for
            future.set_exception(error)
        return future


def get_printers(module, count):
    """:return: who prints: processes where several are to, which stay for a while"""
    if count < 2 or not sys.executable:
        return Here(module)
    return _get_printers(module, count, os.getpid())


@functools.lru_cache(maxsize=1)
def _get_printers(module, count, _process):
    """Those of the process that asks: threads do not survive a fork"""
    return Printers(module, count)
