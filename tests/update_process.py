"""A process of its own with one version of the module: it fills a database, or looks at one.

``update_process.py DATABASE ADDONS_PATH REQUEST ANSWER``: the request is a file of JSON with the
name of what to do and its arguments, the answer another one. Which version it is, is told by the
addons path.
"""

import json
import sys
from datetime import datetime, timedelta
from pathlib import Path

import freezegun
from update_company import OWN_TEMPLATE, TODAY
from update_fill import Fill, run_jobs
from update_snapshot import Rows, Snapshot

from odoo import SUPERUSER_ID, api
from odoo.modules import get_module_path
from odoo.modules.registry import Registry
from odoo.tools import SQL, config

# what a run writes of itself: when it was, how often
OWN_LOG = {"crm_collection_run", "crm_collection_run_line"}
ACCOUNTING = {"account_move", "account_move_line", "account_partial_reconcile"}


class Work:
    """What can be asked for."""

    def __init__(self, env, clock):
        self.env = env
        self.clock = clock
        self.snapshot = Snapshot(env, OWN_TEMPLATE)

    def fill(self, smtp_port):
        """Three weeks with the first version, and what they left."""
        Fill(self.env, self.clock, smtp_port).run()
        return self.look()

    def look(self, asked=None):
        self.clock.move_to(f"{TODAY} 12:00:00")
        self.env.cr.commit()
        self.env.invalidate_all()
        return {"path": get_module_path("crm_collection"), **self.snapshot.take(asked)}

    def look_and_go_on(self, asked, smtp_port):
        """What today's version makes of it, then tomorrow with that version."""
        result = self.look(asked)
        self.env["ir.mail_server"].search([]).smtp_port = smtp_port
        queued = self._find_letters("outgoing")
        run_jobs(self.env, "queue")
        result["delivered"] = {letter.id: letter.state for letter in queued}
        tomorrow = TODAY + timedelta(days=1)
        self.clock.move_to(f"{tomorrow} 09:00:00")
        last = [self._find_last(name) for name in ("allocation", "letter")]
        run_jobs(self.env, "allocate", "letters")
        result["next"] = {**self._tell_run(last[0]), "letters": self._tell_letters(last[1])}
        versions = self._get_versions()
        run_jobs(self.env, "allocate", "letters")
        again = self._get_versions()
        result["rewritten"] = [name for name in versions if versions[name] != again[name]]
        run_jobs(self.env, "queue")
        result["waiting"] = self._find_letters("to_send", "outgoing").ids
        return result

    def _find_letters(self, *states):
        return self.env["crm.collection.letter"].search([("state", "in", states)])

    def _find_last(self, name):
        return self.env[f"crm.collection.{name}"].search([], order="id desc", limit=1).id

    def _tell_run(self, last):
        """What entered a phase since, and how all items stand now, by journal item."""
        allocations = self.env["crm.collection.allocation"].search([("id", ">", last)])
        items = self.env["crm.collection.item"].search([("state", "=", "open")])
        return {
            "moves": {
                allocation.item_id.line_id.id: allocation.phase_id.id for allocation in allocations
            },
            "held": {item.line_id.id: item.blocker or None for item in items},
            "proposed": {item.line_id.id: item.proposed_step_id.id or None for item in items},
        }

    def _tell_letters(self, last):
        """The letters written since, as the simulation tells of them: what they are about."""
        letters = self.env["crm.collection.letter"].search([("id", ">", last)])
        rows = [
            [
                letter.company_id.id,
                letter.partner_id.id,
                letter.phase_id.id,
                sorted(letter.line_ids.mapped("name")),
            ]
            for letter in letters
        ]
        return sorted(rows)

    def _get_versions(self):
        """:return: {table: a checksum over the versions of its rows}: a touched row has another"""
        versions = {}
        for table in {*Rows(self.env).find_tables(), *ACCOUNTING} - OWN_LOG:
            query = "SELECT md5(string_agg(ctid::text || xmin::text, ',' ORDER BY ctid)) FROM %s"
            versions[table] = self.env.execute_query(SQL(query, SQL.identifier(table)))[0][0]
        return versions


def main():
    database, addons_path, request, answer = sys.argv[1:]
    options = ["-d", database, "--addons-path", addons_path, "--no-http", "--max-cron-threads=0"]
    config.parse_config([*options, "--log-level=warn"], setup_logging=True)
    name, arguments = json.loads(Path(request).read_text())
    registry = Registry(database)
    morning = datetime.combine(TODAY, datetime.min.time())
    with registry.cursor() as cr, freezegun.freeze_time(morning, real_asyncio=True) as clock:
        work = Work(api.Environment(cr, SUPERUSER_ID, {}), clock)
        result = getattr(work, name)(**arguments)
    Path(answer).write_text(json.dumps(result, default=str))


if __name__ == "__main__":
    main()
