import ast
from pathlib import Path

from odoo.fields import Command
from odoo.tests import new_test_user

from ..tools.returned import Recipient
from .common import TODAY
from .common_letters import CrmCollectionLettersCommon

ROLES = {
    "outsider": "base.group_user",
    "auditor": "account.group_account_readonly",
    "invoicing": "account.group_account_invoice",
    "user": "crm_collection.group_crm_collection_user",
    "approver": "crm_collection.group_crm_collection_approver",
    "manager": "crm_collection.group_crm_collection_manager",
    "portal": "base.group_portal",
}


def own_public_methods():
    """Yield (model name, method name) of every public method that the module's models define."""
    root = Path(__file__).parents[1]
    files = (
        path for folder in ("models", "wizard", "report") for path in (root / folder).rglob("*.py")
    )
    for path in sorted(files):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef):
                names = _model_names(node)
                for item in node.body:
                    if isinstance(item, ast.FunctionDef) and not item.name.startswith("_"):
                        yield from ((name, item.name) for name in names)


def _model_names(node):
    values = {
        target.id: item.value
        for item in node.body
        if isinstance(item, ast.Assign)
        for target in item.targets
        if isinstance(target, ast.Name)
    }
    value = values.get("_name") or values.get("_inherit")
    return [ast.literal_eval(value)] if value else []


class CrmCollectionAccessCommon(CrmCollectionLettersCommon):
    """Somebody of every role, and a record of every kind."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = {
            role: new_test_user(
                cls.env(su=True),
                f"role_{role}",
                groups=group,
                email=f"{role}@creditor.example",
                company_id=cls.company.id,
                company_ids=[Command.set(cls.company.ids)],
            )
            for role, group in ROLES.items()
        }

    def _prepare(self):
        """A record of every kind."""
        self.env["crm.collection.fuse"].sudo().create({"name": "Mail server"})
        self.rule.step_ids.activity_type_id = self.env.ref("mail.mail_activity_data_call")
        self._create_overdue(5)
        self.phase_first.template_b_id = self.phase_first.template_id.copy()
        self._allocate()
        self._send_letters()
        self._letters().sudo()[:1].write({"state": "sent", "date_sent": f"{TODAY} 09:00:00"})
        self._put_under_approval(self.phase_third)
        for run in self.env["crm.collection.run"].sudo().search([]):
            run._log_exception("Something")
        self._hold(self.customer)
        self._log_contact()
        self._let_one_wait()
        said = Recipient(("adler@customer.example",), "failed", "5.1.1", "no such user")
        values = {"kind": "hard", "email": "adler@customer.example", "mail_ref": "<1@x>"}
        self._letters().sudo()[:1]._keep_returned(said, values)
        self._charge(self._letters().sudo()[:1])
        Contact = self.env["crm.collection.contact"].with_user(self.collector)
        Contact.create({"partner_id": self.customer.id})
        users = [Command.set(self.collector.ids)]
        of_company = {"name": "All", "company_id": self.company.id}
        self.env["crm.collection.assignment"].create({**of_company, "user_ids": users})
        self.env["crm.collection.team"].create({**of_company, "member_ids": users})
        self.env["crm.collection.target"].create({"user_id": self.collector.id, "amount": 500})
        self.env["crm.collection.charge.rate"].create({"company_id": self.company.id})
        desk = self.env["crm.collection.desk"].with_user(self.collector)
        desk.action_put_aside(self.customer.id, self.company.id)
        vals = {"company_id": self.company.id, "partner_id": self.customer.id, "date": TODAY}
        line = self.env["crm.collection.item"].search([], limit=1).line_id
        self.env["crm.collection.forewarning"].sudo().create(
            {**vals, "item_ids": [Command.create({"line_id": line.id})]}
        )
        self._pay(line.move_id, 1)
        settlement = self.env["crm.collection.settlement"].search([], limit=1)
        self.env["crm.collection.thanks"].sudo().create(
            {**vals, "line_ids": [Command.create({"settlement_id": settlement.id})]}
        )
        self.env["crm.collection.retention"]._note("handed_over", self.company)
        batch = self.env["crm.collection.batch"].sudo()
        self._printed = batch.create(
            {
                "company_id": self.company.id,
                "date_printed": f"{TODAY} 08:00:00",
                "printed_by_id": self.collector.id,
                "line_ids": [Command.create({"letter_id": self._letters()[:1].id})],
            }
        )
        self.env.flush_all()

    def _log_contact(self):
        Contact = self.env["crm.collection.contact"].with_user(self.collector)
        outcome = self.env.ref("crm_collection.outcome_refuses")
        return Contact.create({"partner_id": self.customer.id, "outcome_id": outcome.id})

    def _let_one_wait(self):
        rule = self.env["crm.collection.approval.rule"].create(
            {"name": "Agreed", "governs": "allocation"}
        )
        phase = self.env["crm.collection.phase"].create(
            {"name": "Guarded", "sequence": 500, "approval_rule_id": rule.id}
        )
        move = self._create_overdue(5, partner=self._create_customer("Waiter AG"))
        self._allocate()
        item = self._items(move).with_user(self.collector)
        item._maintain(phase, "Because")
        rule.level_ids.approver_count = 2
        item.approval_id.with_user(self.approver).action_approve()

    def _prepare_wizard(self, model_name):
        vals = {
            "crm.collection.aging.open": {"date": TODAY},
            "crm.collection.contact.log": {
                "partner_id": self.customer.id,
                "outcome_id": self.env.ref("crm_collection.outcome_refuses").id,
            },
            "crm.collection.simulate": {"date": TODAY},
            "crm.collection.text.preview": {"partner_id": self.customer.id},
            "crm.collection.item.hold": {"reason": "x"},
            "crm.collection.statement.send": {"partner_id": self.customer.id},
            "crm.collection.hold.change": {"why": "x"},
            "crm.collection.hand.over": {"reason": "x", "user_id": self.collector.id},
            "crm.collection.retention.customer": {"partner_id": self.customer.id},
            "crm.collection.promise.send": {
                "hold_id": self.env["crm.collection.hold"].sudo().search([], limit=1).id
            },
            "crm.collection.batch.post": {"batch_id": self._printed.id, "date": TODAY},
            "crm.collection.letter.returned": {
                "letter_ids": self._letters().sudo()[:1].ids,
                "reason": "moved",
            },
            "crm.collection.letter.reverse": {
                "letter_id": self._letters().sudo()[:1].id,
                "reason": "x",
            },
            "crm.collection.item.maintain": {"phase_id": self.phase_second.id, "reason": "x"},
        }
        return vals.get(model_name, {})
