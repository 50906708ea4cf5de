from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date, formatLang

from ...tools import letter_text
from ..letters.condition_queries import LEFT_STATES

# What a script may fill in, in the order in which its writer is told of it.
OFFERED = (
    *("customer", "person", "company", "collector", "amount_overdue", "amount_owed"),
    *("oldest_due_date", "days_overdue", "item_count", "open_items", "last_letter"),
)
MAX_ITEMS = 10  # named in a script


class CrmCollectionCall(models.AbstractModel):
    """What a call script may fill in: a few texts with plain names, made for one customer and
    stored nowhere.

    A script is rendered as letters are, by core's restricted rendering: its writer chooses among
    these names, they are looked up, and nothing is run. Another module offers more with a field
    and its name in :meth:`_get_offered`.
    """

    _name = "crm.collection.call"
    _description = "What a Call Script Fills in"

    customer = fields.Char(store=False)
    person = fields.Char(string="Who is spoken to", store=False)
    company = fields.Char(store=False)
    collector = fields.Char(string="Your name", store=False)
    amount_overdue = fields.Char(string="Overdue, less open credits", store=False)
    amount_owed = fields.Char(string="All that is owed, less open credits", store=False)
    oldest_due_date = fields.Char(string="Oldest due date", store=False)
    days_overdue = fields.Char(string="Days since then", store=False)
    item_count = fields.Char(string="How many items it is about", store=False)
    open_items = fields.Char(string="Their numbers, due dates and amounts", store=False)
    last_letter = fields.Char(string="The last letter, and its day", store=False)

    @api.model
    def _get_offered(self):
        return OFFERED

    @api.model
    def mail_allowed_qweb_expressions(self):
        """What a script may fill in, and nothing else."""
        # OVERRIDES 'mail'
        return tuple(f"object.{name}" for name in self._get_offered())

    @api.model
    def _describe_offered(self):
        """:return: a line for each expression: as it is written, and what it says"""
        labels = {name: self._fields[name]._description_string(self.env) for name in OFFERED}
        return "\n".join(
            f'<t t-out="object.{name}"/>  {labels.get(name, "")}' for name in self._get_offered()
        )

    # === Values === #

    @api.model
    def _prepare(self, company, partner, items, person=None):
        """:param items: what the call is about
        :return: the call, in the language of the environment, with what its reader may see
        """
        return self.new(
            {
                "customer": partner.name,
                "person": (person or partner).name,
                "company": company.name,
                "collector": self.env.user.name,
                "item_count": str(len(items)),
                "open_items": ", ".join(self._describe_item(item) for item in items[:MAX_ITEMS]),
                "last_letter": self._describe_last_letter(company, partner),
                **self._prepare_amounts(company, partner),
                **self._prepare_days(company, items),
            }
        )

    def _prepare_amounts(self, company, partner):
        """As the customer's statement has them: open credits pay what was due first."""
        customer = Domain("partner_id.commercial_partner_id", "=", partner.id)
        accounts = self.env["crm.collection.statement"]._get_accounts(customer, company)
        owed = {company.currency_id: [0.0, 0.0]}
        for account in accounts:
            sums = owed.setdefault(account["currency"], [0.0, 0.0])
            for index, key in enumerate(("overdue", "residual")):
                sums[index] += max(account[key] - account["credit"], 0.0)
        overdue, residual = (
            {currency: sums[index] for currency, sums in owed.items()} for index in (0, 1)
        )
        return {
            "amount_overdue": self._describe_amounts(company, overdue),
            "amount_owed": self._describe_amounts(company, residual),
        }

    def _describe_amounts(self, company, amounts):
        main = company.currency_id
        told = {currency: amount for currency, amount in amounts.items() if amount} or {main: 0.0}
        return " + ".join(
            formatLang(self.env, told[currency], currency_obj=currency)
            for currency in sorted(told, key=lambda one: (one != main, one.name))
        )

    def _prepare_days(self, company, items):
        """The oldest of what is overdue, in all that the call is about."""
        today = company._get_collection_today()
        dates = [day for day in items.mapped("date_maturity") if day and day < today]
        oldest = min(dates, default=None)
        return {
            "oldest_due_date": format_date(self.env, oldest) if oldest else "",
            "days_overdue": str((today - oldest).days) if oldest else "0",
        }

    def _describe_item(self, item):
        return self.env._(
            "%(number)s of %(day)s: %(amount)s",
            number=item.name or item.display_name,
            day=format_date(self.env, item.date_maturity),
            amount=formatLang(
                self.env, item.amount_residual_currency, currency_obj=item.currency_id
            ),
        )

    def _describe_last_letter(self, company, partner):
        letter = self.env["crm.collection.letter"].search(
            Domain("company_id", "=", company.id)
            & Domain("partner_id", "=", partner.id)
            & Domain("state", "in", LEFT_STATES),
            limit=1,
        )
        if not letter:
            return self.env._("none")
        return f"{letter.phase_id.name}, {format_date(self.env, letter.date)}"

    # === Filling in === #

    def _fill_in(self, source):
        """:return: the script, filled in: looked up by core's restricted rendering, never run
        :raise UserError: it is more than words and what is offered
        """
        self.ensure_one()
        if faults := self._find_faults(source):
            raise UserError("\n".join(faults))
        # not `_render_template_qweb`, which would run a text of who may write programs
        mixin = self.env["mail.render.mixin"]
        [text] = mixin._render_template_qweb_regex(source, self._name, self._ids).values()
        return text

    @api.model
    def _find_faults(self, source):
        """:return: list of sentences on what in a script cannot be filled in; empty for a good
        one"""
        faults = letter_text.find_body_faults(source, self.mail_allowed_qweb_expressions())
        mixin = self.env["mail.render.mixin"]
        if not faults and mixin._has_unsafe_expression_template_qweb(source, self._name):
            faults = [letter_text.Fault("directive", source)]  # core finds what we do not
        if not faults:
            left = self._get_left_over(source)
            faults = [letter_text.Fault("unfilled", left)] if left else []
        return [self._describe_fault(fault) for fault in faults]

    def _get_left_over(self, source):
        """:return: an element that core's rendering does not fill in, however it is written"""
        call = self.new(dict.fromkeys(self._get_offered(), "x"))
        mixin = self.env["mail.render.mixin"]
        [text] = mixin._render_template_qweb_regex(source, self._name, call._ids).values()
        found = letter_text.LEFT_OVER.search(text)
        return found and found[0]

    @api.model
    def _describe_fault(self, fault):
        _, part = self.env._, fault.part
        texts = {
            "unknown": _("“%s” is nothing that a call script can fill in.", part),
            "directive": _("“%s” is a program: a call script only fills in values.", part),
            "children": _("The element with “%s” has other elements in it: take them out.", part),
            "attributes": _(
                "The element with “%s” has other attributes, such as a style or a class: give "
                "them to an element around it.",
                part,
            ),
            "braces": _('“%s” would be shown as it is: write it as <t t-out="object.…"/>.', part),
            "unfilled": _('“%s” is not filled in: write it as <t t-out="object.…"/>.', part),
        }
        return texts[fault.kind]
