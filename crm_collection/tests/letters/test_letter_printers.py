import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path
from unittest.mock import patch

from odoo.tests import BaseCase, tagged
from odoo.tools import mute_logger

from ...models.letters import document, pdf
from ...tools import printers
from ...tools.printer import load
from ..common import TODAY, CrmCollectionCommon
from .test_letter_pdf import get_text

# What prints, for these tests: no engine has to load.
PAGES = """
    import os, time

    def write(text):
        return f"{os.getpid()} {text}".encode()

    def refuse(text):
        raise ValueError(text)

    def die(text):
        os.kill(os.getpid(), 9)

    def die_once(path):
        if not os.path.exists(path):
            open(path, "w").close()
            os.kill(os.getpid(), 9)
        return b"written"

    def hang(path):
        open(path, "w").close()
        time.sleep(60)
"""
# Somebody who prints, and waits for a page that hangs.
OWNER = """
    import json, struct, subprocess, sys

    process = subprocess.Popen([sys.executable, *sys.argv[1:3]], stdin=subprocess.PIPE)
    order = json.dumps({"function": "hang", "arguments": [sys.argv[3]]}).encode()
    process.stdin.write(struct.pack(">Q", len(order)) + order)
    process.stdin.flush()
    print(process.pid, flush=True)
    process.wait()
"""


@tagged("post_install", "-at_install")
class TestPrinters(BaseCase):
    """Processes that print: what they do where one of them fails, dies or hangs."""

    def setUp(self):
        super().setUp()
        self.folder = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.pages = self.folder / "pages.py"
        self.pages.write_text(textwrap.dedent(PAGES))

    def _use(self, count):
        pool = printers.Printers(load(self.pages), count)
        self.addCleanup(pool.close)
        return pool

    def test_each_page_has_its_answer(self):
        """Whatever becomes of the others; a process that was ended prints again in another one."""
        pool = self._use(2)
        texts = [f"page {number} ã" * 1000 for number in range(30)]
        written = [pool.submit("write", text) for text in texts]
        refused = pool.submit("refuse", "no such font")
        dead = pool.submit("die", "")
        again = pool.submit("die_once", str(self.folder / "died"))
        answers = [future.result(60).decode().split(" ", 1) for future in written]
        self.assertEqual([text for _process, text in answers], texts)
        self.assertEqual(len({process for process, _text in answers}), 2)
        self.assertNotIn(str(os.getpid()), {process for process, _text in answers})
        with self.assertRaisesRegex(printers.PrintError, "ValueError: no such font"):
            refused.result(60)
        with self.assertRaisesRegex(printers.PrintError, "was ended while it printed"):
            dead.result(60)
        self.assertEqual(again.result(60), b"written")
        self.assertTrue(pool.submit("write", "more").result(60).endswith(b"more"))

    def test_a_system_that_starts_no_process(self):
        """The page is printed all the same. Seen to fail where that is an error of the page."""
        pool = self._use(1)
        with patch.object(printers.subprocess, "Popen", side_effect=OSError("no memory")):
            answer = pool.submit("write", "page").result(60)
        self.assertEqual(answer, f"{os.getpid()} page".encode())

    def test_a_page_that_never_ends(self):
        """It is given up, and its process with it."""
        pool = self._use(1)
        first = pool.submit("write", "").result(60)
        with patch.object(printers, "SECONDS", 0.2), self.assertRaises(printers.PrintError):
            pool.submit("hang", str(self.folder / "hangs")).result(60)
        self.assertNotEqual(pool.submit("write", "").result(60), first)

    def test_it_ends_with_whoever_started_it(self):
        """Also where it is busy: nobody is left who would end it."""
        hangs = self.folder / "hangs"
        owner = subprocess.Popen(
            [
                *(sys.executable, "-c", textwrap.dedent(OWNER)),
                *(printers.printer.__file__, self.pages, hangs),
            ],
            stdout=subprocess.PIPE,
        )
        self.addCleanup(owner.stdout.close)
        process = int(owner.stdout.readline())
        self._wait(hangs.exists)
        owner.send_signal(signal.SIGKILL)
        owner.wait(10)
        self._wait(lambda: not self._is_alive(process))

    def _wait(self, condition):
        end = time.monotonic() + 20
        while not condition():
            self.assertLess(time.monotonic(), end)
            time.sleep(0.05)

    def _is_alive(self, process):
        try:
            state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            return False
        return state != "Z"  # ended, and nobody asked how


@tagged("post_install", "-at_install")
class TestLetterPrinters(CrmCollectionCommon):
    """Letters printed by several processes are those that one prints."""

    def test_the_same_letters(self):
        """One that cannot be printed is missing, and is told; the others are there."""
        if not pdf.get_weasyprint():
            self.skipTest("WeasyPrint is not installed")
        self.rule.step_ids.attach_pdf = True
        for number in range(4):
            self._create_overdue(
                12, amount=100 + number, partner=self._create_customer(f"C{number}")
            )
        self._allocate()
        letters = self.env["crm.collection.letter"].sudo()._create_due(self.company, TODAY)
        here = letters._render_pdfs()
        self.assertEqual(len(here), 4)
        self.env["ir.config_parameter"].sudo().set_param(document.PRINTERS, 2)
        report_class = self.registry["ir.actions.report"]
        get_html = report_class._crm_collection_get_html

        def break_last(report, action, record, data=None):
            html = get_html(report, action, record, data)
            return {"no": "page"} if record == letters[-1] else html

        with (
            patch.object(document, "MANY", 2),
            patch.object(report_class, "_crm_collection_get_html", break_last),
            patch.object(pdf, "write_pdf", side_effect=AssertionError("printed by this process")),
            mute_logger(document.__name__),
        ):
            elsewhere = letters._render_pdfs()
            printers.get_printers(pdf, 2).close()
            printers._get_printers.cache_clear()
        del here[letters[-1].id]
        self.assertEqual(set(elsewhere), set(here))
        for letter_id, content in here.items():
            self.assertEqual(get_text(elsewhere[letter_id]), get_text(content))
