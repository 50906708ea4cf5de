"""The examples of docs/api.md, run as whoever reads them would run them."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import requests

PAGE = Path(__file__).resolve().parent.parent / "docs" / "api.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


class DocumentedApi:
    """:param day: a day to come, as its text"""

    def __init__(self, url, database, key, day):
        self.url = url
        self.key = key
        self.variables = {"ODOO_URL": url, "ODOO_DATABASE": database, "ODOO_KEY": key}
        self.variables["PROMISED_DAY"] = day

    def find_examples(self, language):
        return [code for name, code in BLOCK.findall(PAGE.read_text("utf-8")) if name == language]

    def run_python(self):
        """:return: what all examples print, one after the other"""
        return self._run([sys.executable, "-c", "\n".join(self.find_examples("python"))])

    def run_shell(self):
        """:return: what each example prints; ``None`` where there is no curl"""
        if not shutil.which("curl"):
            return None
        return [self._run(["bash", "-c", example]) for example in self.find_examples("bash")]

    def _run(self, command):
        result = subprocess.run(
            command,
            env={**os.environ, **self.variables},
            capture_output=True,
            text=True,
            check=False,
        )
        assert not result.returncode, result.stdout + result.stderr
        return result.stdout

    def ask(self, model, method, **arguments):
        """:return: status and answer"""
        headers = {
            "Authorization": f"bearer {self.key}",
            "X-Odoo-Database": self.variables["ODOO_DATABASE"],
        }
        url = f"{self.url}/json/2/{model}/{method}"
        answer = requests.post(url, json=arguments, headers=headers, timeout=60)
        return answer.status_code, answer.json()
