"""What happens in both databases: three companies, their customers, and a month of the jobs."""

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command

from ..demo.story import run_jobs

DAY = fields.Date.to_date("2026-03-16")
DAYS = (0, 1, 9, 30)  # on which the jobs run
# name: currency, country, chart of accounts where it is installed
COMPANIES = {
    "Neighbour US": ("USD", "us", "generic_coa"),
    "Neighbour BR": ("BRL", "br", "br"),
    "Neighbour FR": ("EUR", "fr", "fr"),
}
OVERDUE = (3, 8, 12, 20, 35, 70)


def live(env, port):
    """:param port: of the mail server that takes what is sent"""
    env["ir.mail_server"].create(
        {"name": "Sink", "smtp_host": "127.0.0.1", "smtp_port": port, "smtp_encryption": "none"}
    )
    for company in create_companies(env):
        create_customers(env(context={"allowed_company_ids": company.ids}), company)
    env.cr.commit()
    for number in DAYS:
        with freeze_time(f"{DAY + timedelta(days=number)} 09:00:00"):
            run_jobs(env)


def create_companies(env):
    # its country brings no localization along: alone is to stay alone
    companies = env["res.company"].with_context(install_mode=True)
    charts = env["account.chart.template"]._get_chart_template_mapping()
    for name, (currency, country, chart) in COMPANIES.items():
        money = env.ref(f"base.{currency}")
        money.active = True
        company = companies.create(
            {
                "name": name,
                "country_id": env.ref(f"base.{country}").id,
                "currency_id": money.id,
                "email": "office@neighbour.example",
            }
        )
        env.user.company_ids += company
        known = chart if charts.get(chart, {}).get("installed") else "generic_coa"
        env["account.chart.template"].try_loading(known, company, install_demo=False)
        company.write({"currency_id": money.id, "collection_auto_send": True})
        companies += company
    return companies


def create_customers(env, company):
    """Invoices that are overdue by more and more days; one is paid in part, one disputed, one
    customer has a credit, and one no address."""
    partners = env["res.partner"].create(
        [
            {
                "name": f"{company.name} {number}",
                "company_id": company.id,
                "email": number != 4 and f"{company.id}-{number}@customer.example",
            }
            for number in range(len(OVERDUE))
        ]
    )
    moves = env["account.move"]
    for partner, days in zip(partners, OVERDUE, strict=True):
        moves += create_invoice(env, partner, "out_invoice", days, 100 + days)
    create_invoice(env, partners[1], "out_refund", 1, 40)
    env["account.payment.register"].with_context(
        active_model="account.move", active_ids=moves[2].ids
    ).create({"amount": 50, "payment_date": DAY - timedelta(days=1)})._create_payments()
    env["crm.collection.hold"].create(
        {
            "move_id": moves[3].id,
            "company_id": company.id,
            "kind": "dispute",
            "reason": "Broken",
            "date_from": DAY,
            "date_until": DAY + timedelta(days=10),
        }
    )


def create_invoice(env, partner, move_type, days, amount):
    due = DAY - timedelta(days=days)
    move = env["account.move"].create(
        {
            "move_type": move_type,
            "partner_id": partner.id,
            "invoice_date": due,
            "invoice_date_due": due,
            "invoice_payment_term_id": False,
            "currency_id": partner.company_id.currency_id.id,
            "invoice_line_ids": [
                Command.create({"name": "Service", "price_unit": amount, "tax_ids": []})
            ],
        }
    )
    move.action_post()
    return move


def tell(env):
    """:return: {(company, customer, due, amount): what became of the item}"""
    told = {}
    env.invalidate_all()
    for item in env["crm.collection.item"].search([("company_id.name", "in", [*COMPANIES])]):
        letters = item.letter_line_ids.sorted("id")
        told[item.company_id.name, item.partner_id.name, str(item.date_maturity)] = {
            "state": item.state,
            "phase": item.phase_id.name,
            "owes": item.amount_residual_currency,
            "currency": item.currency_id.name,
            "blocker": item.blocker,
            "history": [
                (str(one.day_in), one.phase_id.name, one.origin)
                for one in item.allocation_ids.sorted("id")
            ],
            "letters": [
                (str(line.letter_id.date), line.letter_id.state, line.letter_id.amount_asked)
                for line in letters
            ],
        }
    return told
