"""What the reports show in a database of a replay, as their users would read it: one line of JSON.

Arguments: the database, the month-ends of the aging and, after --, the days on which to look at
the indicators. Amounts are text with two decimals.
"""

import json
import sys
from collections import defaultdict

import freezegun

from odoo import SUPERUSER_ID, api
from odoo.modules.registry import Registry
from odoo.tools import config
from odoo.tools.safe_eval import safe_eval

INDICATORS = ("dso", "dso_best", "days_delinquent", "cei", "overdue_share")


class Reports:
    """Reads the models behind the reports, in groups where the screens group."""

    def __init__(self, env):
        self.env = env
        # the replay names its phases by their days
        self.steps = {
            phase.id: int(phase.name.removeprefix("Day "))
            for phase in env["crm.collection.phase"].search([("name", "=like", "Day %")])
        }
        self.numbers = {item.id: item.move_id.ref for item in env["crm.collection.item"].search([])}

    def settled(self):
        action = self.env.ref("crm_collection.crm_collection_settlement_action")
        rows = self.env["crm.collection.settlement"].search(safe_eval(action.domain))
        return sorted(map(self._settled, rows), key=lambda row: row["item"])

    def _settled(self, row):
        return {
            "item": self.numbers[row.item_id.id],
            "date": str(row.date),
            "amount": money(row.amount),
            "kind": row.kind,
            "phase": self.steps.get(row.phase_id.id),
            "days_overdue": row.days_overdue,
            "days_in_phase": row.days_in_phase,
            "letters": row.letter_count,
            "days_since_letter": row.days_since_letter,
            "is_attributed": row.is_attributed,
        }

    def history(self):
        return sorted(
            [
                self.numbers[stay.item_id.id],
                self.steps[stay.phase_id.id],
                str(stay.day_in),
                str(stay.day_out),
                stay.reason_out,
                money(stay.amount_in),
                stay.days_in,
            ]
            for stay in self.env["crm.collection.allocation"].search([])
        )

    def aging(self, days):
        return {day: self._aging_on(day) for day in days}

    def _aging_on(self, day):
        Aging = self.env["crm.collection.aging"].with_context(crm_collection_aging_date=day)
        names = {
            "bucket": lambda bucket: bucket,
            "phase": lambda phase: str(self.steps.get(phase.id)),
            "customer": lambda partner: partner.ref,
        }
        fields = {"bucket": "bucket", "phase": "phase_id", "customer": "partner_id"}
        result = {}
        for kind, name in names.items():
            groups = Aging._read_group([], [fields[kind]], ["amount:sum"])
            amounts = {name(group): money(amount) for group, amount in groups}
            result[kind] = dict(sorted(amounts.items()))
        return result

    def results(self):
        aggregates = {
            "in": "stay_count:sum",
            "settled": "settled_count:sum",
            "moved": "moved_count:sum",
            "median_days": "days_to_settle:avg",
            "amount_in": "amount_in:sum",
            "recovered": "amount_recovered:sum",
            "rate": "recovery_rate:avg",
            "letters": "letter_sent_count:sum",
        }
        groups = self.env["crm.collection.allocation.report"]._read_group(
            [], ["phase_id"], list(aggregates.values())
        )
        rows = {}
        for phase, *values in groups:
            row = dict(zip(aggregates, values, strict=True))
            for key in ("amount_in", "recovered"):
                row[key] = money(row[key])
            rows[str(self.steps[phase.id])] = {**row, "rate": round(float(row["rate"]), 6)}
        return dict(sorted(rows.items(), key=lambda row: int(row[0])))

    def roll_rates(self):
        counts = defaultdict(int)
        for row in self.env["crm.collection.roll.rate"].search([]):
            place = self.steps.get(row.phase_to_id.id, 0)
            counts[str(row.date), self.steps[row.phase_id.id], row.outcome, place] += 1
        return sorted([*key, number] for key, number in counts.items())

    def indicators(self, todays):
        return {today: self._indicators_on(today) for today in todays}

    def _indicators_on(self, today):
        with freezegun.freeze_time(f"{today} 12:00:00"):
            self.env.invalidate_all()
            return {
                str(row.date): {
                    **{key: money(row[key]) for key in ("receivables", "overdue", "sales")},
                    **{key: round(row[key], 3) for key in INDICATORS},
                }
                for row in self.env["crm.collection.indicator"].search([])
            }


def money(amount):
    return f"{amount:.2f}"


def main(database, *arguments):
    split = arguments.index("--")
    days, todays = arguments[:split], arguments[split + 1 :]
    options = ["-d", database, "--no-http", "--max-cron-threads=0", "--log-level=warn"]
    config.parse_config(options, setup_logging=True)
    with Registry(database).cursor() as cr:
        reports = Reports(api.Environment(cr, SUPERUSER_ID, {}))
        figures = {
            name: getattr(reports, name)()
            for name in ("settled", "history", "results", "roll_rates")
        }
        figures["aging"] = reports.aging(days)
        figures["indicators"] = reports.indicators(todays)
        letters = reports.env["crm.collection.letter"].search_count([("state", "=", "sent")])
        figures["is_sent"] = bool(letters)
        cr.rollback()
    print(json.dumps(figures))


if __name__ == "__main__":
    main(*sys.argv[1:])
