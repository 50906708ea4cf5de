"""The distributor as its administrator sets it up: chart of accounts, bank, hours, people."""

from datetime import date, timedelta

from dateutil.easter import easter

from odoo.fields import Command

from odoo.addons.crm_collection.models.portfolio.clock import get_moment

from .books import PARTS_TERM
from .customers import PUBLIC
from .logo import draw_logo
from .people import DOMAIN, LANG, ZONE, Office

# Of nobody: whoever scans a code of the demonstration pays nobody.
PIX_KEY = "3f1d8a52-6c0e-4b7a-9e35-0d2c5b8e71a4"
# (month, day): name
HOLIDAYS = {
    (1, 1): "Confraternização Universal",
    (4, 21): "Tiradentes",
    (5, 1): "Dia do Trabalho",
    (7, 9): "Revolução Constitucionalista (SP)",
    (9, 7): "Independência do Brasil",
    (10, 12): "Nossa Senhora Aparecida",
    (11, 2): "Finados",
    (11, 15): "Proclamação da República",
    (11, 20): "Dia da Consciência Negra",
    (12, 25): "Natal",
}
# days from Easter: name
MOVABLE_HOLIDAYS = {-48: "Carnaval", -47: "Carnaval", -2: "Sexta-feira Santa", 60: "Corpus Christi"}


def set_up(env):
    """
    :param env: of superuser, in a database without an entry
    :return: the :class:`.people.Office`
    """
    office = Office(env)
    office.company.write(prepare_company(env))
    env["account.chart.template"].try_loading("br", company=office.company, install_demo=False)
    office.company.partner_id.write({"lang": LANG, "tz": ZONE})
    add_bank(env, office.company)
    set_working_hours(env, office.company)
    office.hire()
    env.ref("base.user_admin").write({"name": "Administração do sistema", "lang": LANG, "tz": ZONE})
    add_choices(env)
    return office


def prepare_company(env):
    domain = env["mail.alias.domain"].create(
        {"name": DOMAIN, "bounce_alias": "retorno", "catchall_alias": "respostas"}
    )
    return {
        "name": "Serra Azul Distribuidora Ltda.",
        "logo": draw_logo(),
        "currency_id": env.ref("base.BRL").id,
        "country_id": env.ref("base.br").id,
        "state_id": env.ref("base.state_br_sp").id,
        "vat": "99.900.374/0001-20",
        "street": "Rua das Indústrias, 1450",
        "street2": "Distrito Industrial",
        "city": "Campinas",
        "zip": "13054-000",
        "email": f"cobranca@{DOMAIN}",
        "phone": "+55 19 3555-0100",
        "website": f"https://www.{DOMAIN}",
        "alias_domain_id": domain.id,
    }


def add_bank(env, company):
    """The account that letters and codes name, and the bank journal it belongs to."""
    bank = env["res.bank"].create({"name": "Banco Serrano S.A."})
    account = env["res.partner.bank"].create(
        {
            "acc_number": "34567-8",
            "clearing_number": "0123-4",
            "bank_id": bank.id,
            "partner_id": company.partner_id.id,
            "proxy_type": "br_random",
            "proxy_value": PIX_KEY,
            "include_reference": True,
        }
    )
    domain = [("type", "=", "bank"), ("company_id", "=", company.id)]
    journal = env["account.journal"].search(domain, limit=1)
    journal.write({"name": bank.name, "bank_account_id": account.id})


def set_working_hours(env, company):
    """Monday to Friday, less the public holidays of the state."""
    calendar = company.resource_calendar_id
    calendar.write({"name": "Segunda a sexta, 40 horas", "tz": ZONE})
    this_year = date.today().year
    holidays = dict(
        holiday for year in (this_year - 1, this_year, this_year + 1) for holiday in find(year)
    )
    env["resource.calendar.leaves"].create(
        [
            {
                "name": name,
                "calendar_id": calendar.id,
                "company_id": company.id,
                "resource_id": False,
                "time_type": "leave",
                "date_from": get_moment(ZONE, day),
                "date_to": get_moment(ZONE, day + timedelta(days=1)) - timedelta(seconds=1),
            }
            for day, name in sorted(holidays.items())
        ]
    )


def find(year):
    """:return: (day, name) of each public holiday of a year"""
    yield from ((date(year, *when), name) for when, name in HOLIDAYS.items())
    sunday = easter(year)
    yield from ((sunday + timedelta(days=days), name) for days, name in MOVABLE_HOLIDAYS.items())


def add_choices(env):
    """What people choose from when they enter customers and invoices."""
    env["res.partner.category"].create({"name": PUBLIC, "color": 4})
    shares = (33.333333, 33.333333, 33.333334)
    env["account.payment.term"].create(
        {
            "name": PARTS_TERM,
            "line_ids": [
                Command.clear(),
                *(
                    Command.create({"value": "percent", "value_amount": share, "nb_days": days})
                    for share, days in zip(shares, (30, 60, 90), strict=True)
                ),
            ],
        }
    )
