"""A process of a trial: `python -m tools.soak.worker DATABASE`, commanded by :mod:`..processes`.

Odoo is loaded once, for one database; a process works in any copy of it, as the day it is told.
"""

import odoo.init  # noqa: F401  first of all: it patches the standard library  # isort: skip

import threading
from datetime import timedelta

from odoo import SUPERUSER_ID, api, sql_db
from odoo.modules.registry import Registry
from odoo.service.model import retrying

from ..served import JobCommands, main
from .live import Live
from .scene import set_up
from .work import Work

SLICE = 400  # items: small pieces, so that there is much between them


class Commands(Work, Live, JobCommands):
    """What a trial asks of its processes."""

    def __init__(self, database):
        super().__init__(database)
        self.day = 0
        self.user_ids = {}
        self._count_days()
        slices = self._get_module("engine.slices")
        slices.FIRST_SLICE = slices.SLICE = SLICE

    def _count_days(self):
        """The companies' day is so many days after the real one; nothing else knows."""
        Company = self.registry["res.company"]
        today = Company._get_collection_today
        Company._get_collection_today = lambda company: today(company) + timedelta(days=self.day)

    def _get_module(self, name):
        __, __, module = name.rpartition(".")
        package = __import__(
            f"odoo.addons.crm_collection.models.{name}", fromlist=[module], level=0
        )
        return package

    def set_up(self, items):
        with self.registry.cursor() as cr:
            set_up(self._environment(cr), items)

    def enter(self, database, day=0, port=None):
        """Work in a copy of the database that was loaded: their models are the same.

        :param int port: of the mail server that takes what is sent from there
        """
        registry, self.day = self.registry, day
        Registry.registries[database] = registry
        registry.db_name = database
        registry._db = sql_db.db_connect(database)
        threading.current_thread().dbname = database
        registry.clear_all_caches()
        registry.setup_signaling()
        with registry.cursor() as cr:
            env = self._environment(cr)
            users = env["res.users"].search([])
            self.user_ids = {user.login: user.id for user in users}
            if port:
                env.company._set_collection_live()
                env["ir.mail_server"].search([]).smtp_port = port

    def as_user(self, login, function, **context):
        """Call a function of an environment as the web client has it called: in a transaction of
        its own, tried again where another one got there first."""
        self.registry.check_signaling()
        context |= {"lang": "en_US", "tz": "UTC"}
        with self.registry.cursor() as cr:
            uid = self.user_ids[login] if login else SUPERUSER_ID
            env = api.Environment(cr, uid, context)
            return retrying(lambda: function(env), env)

    def do(self, work, **arguments):
        """Do a piece of work, if it is not done.

        :return: what the person was told, where it was refused
        """
        return getattr(self, f"work_{work}")(**arguments)

    def draw(self, work, seed):
        """:return: the arguments of a piece of work, by chance, of what there is"""
        return getattr(self, f"draw_{work}")(seed)


if __name__ == "__main__":
    main(Commands)
