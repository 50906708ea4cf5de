"""Who works at the distributor. Each signs in with the login as the password."""

from typing import NamedTuple

from odoo.fields import Command

DOMAIN = "serraazul.example"
LANG, ZONE = "pt_BR", "America/Sao_Paulo"
USER, APPROVER, MANAGER = (
    f"crm_collection.group_crm_collection_{role}" for role in ("user", "approver", "manager")
)


class Person(NamedTuple):
    """``does`` is for who looks at the demonstration."""

    name: str
    does: str
    groups: tuple


PEOPLE = {
    "marina": Person("Marina Albuquerque", "gerente de cobrança", (MANAGER,)),
    "roberto": Person("Roberto Nogueira", "gerente financeiro, aprova", (APPROVER,)),
    "helena": Person("Helena Prado", "diretora, aprova a partir de R$ 50.000", (APPROVER,)),
    "camila": Person("Camila Ferreira", "cobradora: alimentação, varejo, serviços", (USER,)),
    "diego": Person("Diego Santana", "cobrador: construção, transporte, campo, pessoas", (USER,)),
    "patricia": Person(
        "Patrícia Lopes",
        "faturamento e recebimentos",
        ("account.group_account_invoice", "base.group_partner_manager"),
    ),
}


class Office:
    """The people and their company: whatever is done is done as one of them."""

    def __init__(self, env):
        self.env = env
        self.company = env.ref("base.main_company")
        users = env["res.users"].search([("login", "in", list(PEOPLE))])
        self.user_ids = {user.login: user.id for user in users}

    def hire(self):
        """Give each an account with the roles."""
        users = (
            self.env["res.users"]
            .with_context(no_reset_password=True)
            .create([self._prepare_user(login, person) for login, person in PEOPLE.items()])
        )
        self.user_ids = {user.login: user.id for user in users}

    def _prepare_user(self, login, person):
        groups = [self.env.ref(xmlid).id for xmlid in ("base.group_user", *person.groups)]
        return {
            "name": person.name,
            "login": login,
            "password": login,
            "email": f"{login}@{DOMAIN}",
            "lang": LANG,
            "tz": ZONE,
            "company_id": self.company.id,
            "company_ids": [Command.set(self.company.ids)],
            "group_ids": [Command.set(groups)],
            "odoobot_state": "disabled",  # its chat lies over the first page
        }

    def of(self, login, model, **context):
        """:return: a model as somebody of the company has it before him"""
        context |= {"lang": LANG, "tz": ZONE, "allowed_company_ids": self.company.ids}
        return self.env(user=self.user_ids[login], su=False, context=context)[model]

    def get_user(self, login):
        return self.env["res.users"].browse(self.user_ids[login])


def print_people():
    print("\nPara entrar (a senha é o próprio login)")
    width = max(map(len, PEOPLE))
    for login, person in PEOPLE.items():
        print(f"    {login.ljust(width)}   {person.name}, {person.does}")
