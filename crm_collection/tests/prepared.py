"""What classes of tests share in a database that a process has for itself.

A company with its chart of accounts and the people who work in it take more than half of what a
class is set up in. They are made once; the people are archived until a class asks for them, so that
other tests do not meet them. What a test does to any of them is undone with it.
"""

from unittest.mock import patch

from freezegun import freeze_time
from passlib.context import CryptContext

from odoo.models import BaseModel

# login -> role, as ``CrmCollectionCommon._create_users`` takes them
PEOPLE = {
    "collector": "user",
    "approver": "approver",
    "collection_manager": "manager",
    "outsider": None,
    "second_approver": "approver",
    "director": "user",
}
CRYPT = "odoo.addons.base.models.res_users.ResUsersPatchedInTest._crypt_context"


class Prepared:
    """What was prepared, by name; empty where nothing was."""

    def __init__(self):
        self.company_id = None
        self.user_ids = {}
        self.company_data = {}

    def make(self, cls, env, day):
        """Make it with a class of tests, in the transaction of ``env``."""

        def cheap(users):
            return CryptContext(["pbkdf2_sha512"], pbkdf2_sha512__rounds=1)

        with freeze_time(f"{day} 09:00:00"), patch(CRYPT, cheap):
            books = type("Books", (cls,), {"env": env, "registry": env.registry})
            company = books._create_company(name="company_1_data")
            books.env = env(context={"allowed_company_ids": company.ids})
            books.company = company.with_env(books.env)
            accountant = books.setup_independent_user()
            people = books._create_users(**PEOPLE)
            (people | accountant).active = False
            self.keep_company_data(books.collect_company_accounting_data(books.company))
        self.company_id = company.id
        self.user_ids = {user.login: user.id for user in people | accountant}

    def keep_company_data(self, data):
        self.company_data = {
            key: (value._name, value.ids) if isinstance(value, BaseModel) else value
            for key, value in data.items()
        }

    def get_company_data(self, env):
        """:return: as core's ``collect_company_accounting_data``"""
        return {
            key: env[value[0]].browse(value[1]) if isinstance(value, tuple) else value
            for key, value in self.company_data.items()
        }

    def get_users(self, env, vals_by_login):
        """Users who were prepared, as a class of tests wants them.

        :param dict vals_by_login: values of whoever is wanted
        :return: ``res.users`` of those who are there
        """
        users = env["res.users"].browse(
            self.user_ids[login] for login in vals_by_login if login in self.user_ids
        )
        users.active = True
        for user in users:
            vals = vals_by_login[user.login]
            if vals.get("company_id") not in (None, self.company_id):
                user.write({key: vals[key] for key in ("company_id", "company_ids")})
        return users


prepared = Prepared()
