"""Odoo processes that take the tests' commands."""

from pathlib import Path

from tools import processes


class Odoo(processes.Odoo):
    """Starts processes of odoo_process.py."""

    def __init__(self, database, folder):
        super().__init__(database, folder, Path(__file__).with_name("odoo_process.py"))
