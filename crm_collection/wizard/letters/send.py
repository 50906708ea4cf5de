from collections import Counter
from operator import itemgetter

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ...models.letters import content_queries
from ...models.letters import queries as letter_queries
from ...models.portfolio.queries import of_family
from ...tools.arguments import check_one
from ...tools.done import get_done

# A letter in one of these states has left, or is about to.
WRITTEN = ("to_send", "outgoing", "to_print", "printed", "sent", "uncertain")
MAX_LINES = 200
MAX_OPEN_ITEMS = 6


class CrmCollectionItemSend(models.TransientModel):
    """Letters now: the same letters as the job's, about the items a person chose.

    Shows first who would be written to, where, about what, and which items are left out and
    why. Neither the next letter's date nor the quiet days stop it; holds, approval and open
    credits do.
    """

    _name = "crm.collection.item.send"
    _inherit = "crm.collection.item.selection"
    _description = "Send Collection Letters"

    letter_count = fields.Integer(compute="_compute_preview", store=True, compute_sudo=False)
    item_count = fields.Integer(compute="_compute_preview", store=True, compute_sudo=False)
    refused_count = fields.Integer(compute="_compute_preview", store=True, compute_sudo=False)
    refusal_summary = fields.Text(compute="_compute_preview", store=True, compute_sudo=False)
    line_ids = fields.One2many(
        comodel_name="crm.collection.item.send.line",
        inverse_name="wizard_id",
        string="Customers",
        compute="_compute_preview",
        store=True,
        compute_sudo=False,
    )

    copy_note = fields.Text(string="Another Database", compute="_compute_copy_note")
    confirm_copy = fields.Boolean(
        string="Send Them All the Same",
        help="These letters leave from this copy of the database; all others stay.",
    )

    # === Compute methods === #

    @api.depends("item_ids")
    def _compute_copy_note(self):
        for wizard in self:
            companies = {company for company, _items in wizard._get_items_by_creditor()}
            notes = [company._explain_collection_copy() for company in companies]
            wizard.copy_note = "\n".join(sorted(filter(None, notes)))

    @api.depends("item_ids")
    def _compute_preview(self):
        for wizard in self:
            rows, reasons = wizard._get_all_rows(), Counter()
            for row in rows:
                reasons.update(row["refusals"].values())
            rows.sort(key=lambda row: (bool(row["count"]), not row["refusals"], -row["amount"]))
            leaving = [row for row in rows if row["count"] and wizard._has_address(row)]
            wizard.update(
                {
                    "letter_count": len(leaving),
                    "item_count": sum(row["count"] for row in leaving),
                    "no_address_count": sum(1 for row in rows if row["count"]) - len(leaving),
                    "again_note": wizard._get_again_note(leaving),
                    "refused_count": sum(reasons.values()),
                    "refusal_summary": wizard._get_refusal_summary(reasons),
                    "line_ids": [
                        Command.clear(),
                        *map(Command.create, wizard._prepare_lines(rows[:MAX_LINES])),
                    ],
                }
            )

    # === Actions === #

    def action_send(self):
        """Write the letters and hand them to the mail queue."""
        check_one(self)
        items = self._get_items()
        items.check_access("write")
        if self.copy_note and not self.confirm_copy:
            raise UserError(
                self.env._(
                    "%(note)s\n\n"
                    "To have these letters leave from here, tick Send Them All the Same.",
                    note=self.copy_note,
                )
            )
        again = self._check_again()
        # Letters are the engine's: nobody writes them, whoever may work the items sends them.
        Letter_sudo = self.env["crm.collection.letter"].sudo()
        letters_sudo = Letter_sudo.browse()
        for company, of_company in self._get_items_by_creditor():
            letters_sudo |= Letter_sudo.with_company(company)._create_due(
                company,
                company._get_collection_today(),
                item_ids=of_company.ids,
                origin="manual",
                force=True,
            )
        if not letters_sudo:
            raise UserError(self.refusal_summary or self.env._("There is no letter to send."))
        letters_sudo._release()
        self._note_again(letters_sudo.filtered(lambda letter: letter.partner_id.id in again.ids))
        letters_sudo._issue()
        letters_sudo._trigger_mail_queue()
        return self._get_notification(letters_sudo.sudo(False))

    # === Business methods === #

    def _get_items_by_creditor(self, items=None):
        """:param items: of these alone, and not of all that were chosen
        :return: pairs of a company and the items of a root and its branches: they are one
        creditor, and the letter is the root's where an item is, else the first one's"""
        items = self._get_items() if items is None else items
        families = items.grouped(lambda item: item.company_id.sudo().root_id)
        for root, items in families.items():
            yield (items.company_id & root or items.company_id[:1]), items

    def _get_all_rows(self):
        """:return: :meth:`_get_rows` of all creditors, with the address of each letter and when the
        last one left"""
        rows = []
        for company, items in self._get_items_by_creditor():
            rows += self._get_rows(company, items)
        addresses = self._get_addresses([row for row in rows if row["count"]])
        last = self._get_last_letters(rows)
        for row in rows:
            key = (row["company"], row["partner"])
            row.update(addresses.get(key, {}), date_last_letter=last.get(key, False))
        return rows

    @api.model
    def _has_address(self, row):
        return bool(row.get("has_address"))

    def _get_rows(self, company, items):
        """:return: one dict per customer of ``items``: his letter as the engine would write it,
        and ``refusals``: {item id: why it is left out}."""
        today = company._get_collection_today()
        self.env.flush_all()
        query = of_family(company, lambda member: letter_queries.due(member, today, items.ids))
        due = self.env.execute_query_dict(query)
        partner_ids = list({open_item["partner_id"] for open_item in due})
        chosen = self.env.execute_query_dict(
            letter_queries.choose(company, today, partner_ids, items.ids, force=True)
        )
        asked = {item_id for row in chosen if not row["verdict"] for item_id in row["item_ids"]}
        covered = {open_item["item_id"] for open_item in due} - asked
        by_partner = {}
        for open_item in due:
            if open_item["item_id"] in asked:
                by_partner.setdefault(open_item["partner_id"], []).append(open_item)
        return [
            self._get_row(company, partner, of_partner, by_partner.get(partner.id, []), covered)
            for partner, of_partner in items.grouped("partner_id").items()
        ]

    def _get_row(self, company, partner, items, open_items, covered):
        written = {open_item["item_id"] for open_item in open_items}
        tone = self._get_tone(open_items)
        return {
            "company": company,
            "partner": partner,
            "count": len(open_items),
            "open_items": [open_item["name"] or "" for open_item in open_items],
            "amount": sum(open_item["amount_residual"] for open_item in open_items),
            "letter": open_items,
            "phase_id": tone.get("phase_id"),
            "step_id": tone.get("step_id"),
            "template_id": tone.get("template_id"),
            "refusals": {
                item.id: self._get_refusal(item, item.id in covered)
                for item in items
                if item.id not in written
            },
        }

    def _get_tone(self, open_items):
        """:return: the item that sets the tone of the letter, as the engine finds it"""
        severity = itemgetter("phase_sequence", "phase_id", "days")
        return max(open_items, key=severity, default={})

    def _get_refusal(self, item, is_covered):
        """:return: why ``item`` cannot be in a letter now, the first reason that applies."""
        phase, hold = item.phase_id, item.hold_id
        reasons = [
            (not item.partner_id, self.env._("There is no customer on the entry.")),
            (hold, self._get_hold_refusal(hold)),
            (
                item.blocker == "refund",
                self.env._("It is money that went to the customer, and no claim by itself."),
            ),
            (not item._is_in_followup(), self.env._("Accounting leaves it out of follow-up.")),
            (not phase, self.env._("It is in no phase yet.")),
            (
                not phase.can_act,
                self.env._("The phase %s is not approved, or archived.", phase.name),
            ),
            (
                not (phase and phase._get_letter(item.step_id)),
                self.env._("The phase %s has no letter.", phase.name),
            ),
            (is_covered, self.env._("Open credits of the customer cover what is owed.")),
            (
                True,
                self.env._("It is settled, or the invoice is blocked or on its way to be paid."),
            ),
        ]
        return next(reason for applies, reason in reasons if applies)

    def _get_hold_refusal(self, hold):
        if not hold.date_last:
            return self.env._("On hold until lifted: %s", hold.reason)
        return self.env._(
            "On hold until %(date)s: %(reason)s",
            date=format_date(self.env, hold.date_last),
            reason=hold.reason,
        )

    def _get_refusal_summary(self, reasons):
        return "\n".join(
            self.env._("%(count)s left out: %(reason)s", count=count, reason=reason)
            for reason, count in reasons.most_common()
        )

    def _prepare_lines(self, rows):
        with_letter = [row for row in rows if row["count"]]
        asked = self._get_asked(with_letter)
        return [
            {
                "company_id": row["company"].id,
                "partner_id": row["partner"].id,
                "phase_id": row["phase_id"],
                "template_id": row["template_id"],
                "item_count": row["count"],
                "open_items": self._shorten(row["open_items"]),
                "amount": row["amount"],
                "amount_asked": asked.get((row["company"], row["partner"]), 0.0),
                "date_last_letter": row["date_last_letter"],
                "date_next": self._get_next_date(row),
                "refusal": "; ".join(dict.fromkeys(row["refusals"].values())),
                "email_to": row.get("email_to"),
                "has_address": self._has_address(row),
            }
            for row in rows
        ]

    def _get_asked(self, rows):
        """:return: {(company, customer): what his letter asks for, in company currency}"""
        asked = Counter()
        for company in {row["company"] for row in rows}:
            lines, rates = [], {}
            for number, row in enumerate(rows):
                for one in row["letter"] if row["company"] == company else ():
                    owed = one["amount_residual_currency"]
                    lines.append(
                        (
                            *(number, one["partner_id"], one["currency_id"], one["item_id"]),
                            *(one["date_maturity"], owed, one["days"]),
                        )
                    )
                    rates[one["item_id"]] = one["amount_residual"] / owed
            today = company._get_collection_today()
            query = content_queries.asked_of_shown(company, today, lines)
            for one in self.env.execute_query_dict(query):
                key = company, rows[one["letter"]]["partner"]
                asked[key] += one["amount_asked"] * rates[one["item_id"]]
        return {key: key[0].currency_id.round(amount) for key, amount in asked.items()}

    def _shorten(self, open_items):
        names = open_items[:MAX_OPEN_ITEMS]
        if more := len(open_items) - len(names):
            names.append(self.env._("and %s more", more))
        return ", ".join(names)

    def _get_addresses(self, rows):
        """The address each letter would go to, as the letter itself finds it, or why none."""
        Letter = self.env["crm.collection.letter"]
        # read together: in one recordset the customers are prefetched for one another
        drafts = Letter.concat(
            *(
                Letter.new(
                    {
                        "company_id": row["company"].id,
                        "partner_id": row["partner"].id,
                        "phase_id": row["phase_id"],
                        "step_id": row["step_id"],
                    }
                )
                for row in rows
            )
        )
        addresses = {}
        for letter in drafts:
            route = letter._get_route()
            addresses[letter.company_id, letter.partner_id] = {
                "email_to": letter._describe_route(route),
                "has_address": not route.problem,
            }
        return addresses

    def _get_notification(self, sent):
        stopped = sent.filtered(lambda letter: letter.state not in WRITTEN)
        return get_done(
            "\n".join(
                f"{letter.partner_id.display_name}: {letter.failure_reason or ''}"
                for letter in stopped
            ),
            sent,
            type="warning" if stopped else "success",
            sticky=bool(stopped),
            title=self.env._("One letter written")
            if len(sent) == 1
            else self.env._("%s letters written", len(sent)),
        )
