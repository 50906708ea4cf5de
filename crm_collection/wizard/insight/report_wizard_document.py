from collections import defaultdict

from odoo import models
from odoo.fields import Domain

from .report_wizard import REPORTS

# Lines on paper at most; totals are always of everything, and the list has no limit.
LINES_MAX = 2000


class CrmCollectionReportWizard(models.TransientModel):
    """The report as a document: what its templates show."""

    _inherit = "crm.collection.report.wizard"

    # === Head === #

    def _get_lang(self):
        """:return: the user's language, always one that is installed"""
        installed = {code for code, _name in self.env["res.lang"].get_installed()}
        wished = (self.env.context.get("lang"), self.env.user.lang)
        return next((lang for lang in wished if lang in installed), "en_US")

    def _get_report_name(self):
        return dict(self._fields["report"]._description_selection(self.env))[self.report]

    def _get_filters(self):
        """:return: list of (label, value) of what narrows the report down"""
        filters = []
        if self.phase_ids:
            filters.append((self.env._("Phases"), ", ".join(self.phase_ids.mapped("name"))))
        if self.user_id:
            filters.append((self.env._("Collector"), self.user_id.name))
        return filters

    # === Contents === #

    def _get_sections(self):
        """:return: list of dicts, one for each company: ``company``, ``currency`` and what the
        report's template shows"""
        prepare = getattr(self, f"_prepare_{self.report}")
        model = self.env[REPORTS[self.report][0]].with_context(**self._get_context())
        sections = []
        for company in self.company_ids:
            domain = self._get_domain() & Domain("company_id", "=", company.id)
            section = prepare(model, domain)
            sections.append({"company": company, "currency": company.currency_id, **section})
        return sections

    def _prepare_settled(self, Settlement, domain):
        """Lines by phase with their subtotals; totals by kind and what is due to letters."""
        kinds = dict(Settlement._fields["kind"]._description_selection(self.env))
        by_kind = {
            kind: values
            for kind, *values in Settlement._read_group(domain, ["kind"], ["__count", "amount:sum"])
        }
        by_phase = Settlement._read_group(domain, ["phase_id"], ["__count", "amount:sum"])
        attributed = Settlement._read_group(
            domain & Domain("is_attributed", "=", True), [], ["amount:sum"]
        )[0][0]
        returned = Settlement._read_group(
            domain & Domain("reversal_of_id", "!=", False), [], ["amount:sum"]
        )[0][0]
        rows = Settlement.search(domain, order="phase_id, date, id", limit=LINES_MAX)
        lines = rows.grouped("phase_id")
        total = sum(amount for _phase, _count, amount in by_phase)
        return {
            "kinds": [(label, *by_kind[kind]) for kind, label in kinds.items() if kind in by_kind],
            "groups": [
                (phase, count, amount, lines.get(phase, rows.browse()))
                for phase, count, amount in by_phase
            ],
            "count": sum(count for _phase, count, _amount in by_phase),
            "total": total,
            "attributed": attributed or 0.0,
            "attributed_rate": 100 * (attributed or 0.0) / total if total else 0.0,
            "returned": returned or 0.0,
            "is_cut": sum(count for _phase, count, _amount in by_phase) > len(rows),
        }

    def _prepare_history(self, Allocation, domain):
        """Allocations by item, in their order."""
        rows = Allocation.search(
            domain, order="partner_name, item_id, date_in, id", limit=LINES_MAX
        )
        count, owed, settled = Allocation._read_group(
            domain, [], ["__count", "amount_in:sum", "amount_settled:sum"]
        )[0]
        open_items = defaultdict(Allocation.browse)
        for row in rows:
            open_items[row.item_id] |= row
        return {
            "open_items": list(open_items.values()),
            "count": count,
            "amount_in": owed or 0.0,
            "total": settled or 0.0,
            "origins": dict(Allocation._fields["origin"]._description_selection(self.env)),
            "reasons": dict(Allocation._fields["reason_out"]._description_selection(self.env)),
            "is_cut": count > len(rows),
        }

    def _prepare_results(self, Report, domain):
        """A line for each phase and letter, a subtotal for each phase, and the total."""
        aggregates = [
            *("__count", "settled_count:sum", "moved_count:sum", "open_count:sum"),
            *("left_count:sum", "days_to_settle:avg", "amount_in:sum", "amount_recovered:sum"),
            *("recovery_rate:avg", "letter_sent_count:sum", "letter_bounced_count:sum"),
            *("letter_unaddressed_count:sum", "amount_other:sum"),
        ]
        by_letter = Report._read_group(domain, ["phase_id", "template_id"], aggregates)
        by_phase = Report._read_group(domain, ["phase_id"], aggregates)
        letters = defaultdict(list)
        for phase, template, *values in by_letter:
            letters[phase].append((template.sudo(), values))  # its name, as on the letters
        total = Report._read_group(domain, [], aggregates)[0]
        return {
            "groups": [(phase, values, letters[phase]) for phase, *values in by_phase],
            "totals": total,
            "total": (total[7] or 0.0) + (total[12] or 0.0),
            "count": total[0],
            "months": self._get_roll_rates(domain),
        }

    def _get_roll_rates(self, domain):
        """:return: list of (month, phase, items, rates settled, same phase, moved on) of the
        months of the period"""
        company = Domain("company_id", "in", self.company_ids.ids)
        for condition in domain.iter_conditions():
            if condition.field_expr == "company_id":
                company &= condition
        period = company & Domain("date", ">=", self.date_from) & Domain("date", "<=", self.date_to)
        if self.phase_ids:
            period &= Domain("phase_id", "in", self.phase_ids.ids)
        if self.user_id:
            period &= Domain("item_id.user_id", "=", self.user_id.id)
        return self.env["crm.collection.roll.rate"]._read_group(
            period,
            ["date:month", "phase_id"],
            ["__count", "rate_settled:avg", "rate_stayed:avg", "rate_forward:avg"],
            order="date:month, phase_id",
        )
