"""Who owes what in a trial, and who works there: a database that all others are copies of."""

from odoo import fields
from odoo.fields import Command

from ..bench.fill import BenchFill
from ..bench.rules import create_rules, give_own_rules

DOMAIN = "creditor.example"
OWN = "crm_collection.group_crm_collection_"
BOOKS = ("account.group_account_invoice",)
# login: groups
PEOPLE = {
    "cora": (f"{OWN}user",),
    "carl": (f"{OWN}user",),
    "mona": (f"{OWN}manager",),
    "anna": (f"{OWN}approver",),
    "abel": (f"{OWN}approver",),
    "bert": BOOKS,
    "bella": BOOKS,
    "pam": (*BOOKS, "base.group_partner_manager"),
}
COLLECTORS = ("cora", "carl")
APPROVERS = ("anna", "abel")
BOOKKEEPERS = ("bert", "bella")
GUARDED = "crm_collection.phase_firm"
CALLED = "crm_collection.phase_final"
JOBS_LEFT = (
    "crm_collection.ir_cron_crm_collection_allocate",
    "crm_collection.ir_cron_crm_collection_letters",
    "mail.ir_cron_mail_scheduler_action",
)


def set_up(env, items):
    """Customers with items of many ages, some of them paid; a phase under approval; people."""
    fill = BenchFill(env, items, fields.Date.today())
    fill.run()
    rules = create_rules(env, fill.categories)
    env.flush_all()
    give_own_rules(env, rules, fill.base["res_partner"])
    set_up_company(env)
    people = create_people(env)
    env["res.partner"].search([("ref", "=like", "C%1")]).collection_user_id = people["cora"]
    env["res.partner"].search([("ref", "=like", "C%2")]).collection_user_id = people["carl"]
    set_up_phases(env, people["mona"])


def set_up_company(env):
    domain = env["mail.alias.domain"].create(
        {"name": DOMAIN, "catchall_alias": "answers", "bounce_alias": "back"}
    )
    env.company.write(
        {
            "name": "Creditor & Sons",
            "email": f"billing@{DOMAIN}",
            "vat": "US12345671",
            "collection_auto_send": True,
            "collection_tz": "UTC",
            "collection_quiet_days": 0,
            "alias_domain_id": domain.id,
        }
    )
    env["ir.mail_server"].search([]).action_archive()
    env["ir.mail_server"].create(
        {
            "name": "Sink",
            "smtp_host": "127.0.0.1",
            "smtp_port": 1,  # each copy has one of its own
            "smtp_encryption": "none",
            "from_filter": DOMAIN,
        }
    )
    own = [env.ref(xmlid).id for xmlid in JOBS_LEFT]
    env["ir.cron"].search([("id", "not in", own)]).active = False


def create_people(env):
    """:return: {login: user}"""
    users = env["res.users"].with_context(no_reset_password=True)
    return {
        login: users.create(
            {
                "name": login.capitalize(),
                "login": login,
                "email": f"{login}@{DOMAIN}",
                "lang": "en_US",
                "tz": "UTC",
                "notification_type": "inbox",  # mail is for customers here
                "group_ids": [
                    Command.set([env.ref(name).id for name in ("base.group_user", *groups)])
                ],
            }
        )
        for login, groups in PEOPLE.items()
    }


def set_up_phases(env, manager):
    """Items enter one phase by approval, and a call is somebody's task in another."""
    steps = env["crm.collection.rule.step"].search([])
    steps.attach_pdf = False
    call = env.ref("mail.mail_activity_data_call")
    steps.filtered(lambda step: step.phase_id == env.ref(CALLED)).activity_type_id = call
    rule = env["crm.collection.approval.rule"].with_user(manager)
    agreed = rule.create({"name": "Agreed", "governs": "allocation"})
    env.ref(GUARDED).with_user(manager).approval_rule_id = agreed
