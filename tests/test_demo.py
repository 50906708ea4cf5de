"""The Brazilian demonstration says nothing of whom it does not know, and nothing that cannot be
done: it is made only when somebody looks at it."""

import inspect

import pytest
from stdnum.br import cnpj, cpf

pytest.importorskip("odoo", reason="Odoo is not importable")

from tools.demo.brazil.books import Books  # noqa: E402
from tools.demo.brazil.customers import BILLS, CUSTOMERS, GOODS  # noqa: E402
from tools.demo.brazil.desk import Desk  # noqa: E402
from tools.demo.brazil.events import EVENTS  # noqa: E402
from tools.demo.brazil.people import PEOPLE  # noqa: E402
from tools.demo.brazil.rules import Rules  # noqa: E402

NAMED = {"login": PEOPLE, "key": CUSTOMERS}


def test_customers():
    """Seen to fail with a number of another check digit, and with an invoice to nobody."""
    for customer in CUSTOMERS.values():
        (cnpj if customer.segment else cpf).validate(customer.number)
        assert customer.segment in GOODS
    assert len({customer.number for customer in CUSTOMERS.values()}) == len(CUSTOMERS)
    assert {bill.customer for bill in BILLS} == CUSTOMERS.keys()


def test_events():
    """Seen to fail with a method that is none, an argument too many, and a customer's name
    misspelt."""
    for event in EVENTS:
        assert event.day <= 0
        owner = next(one for one in (Desk, Books, Rules) if hasattr(one, event.what))
        method = inspect.signature(getattr(owner, event.what))
        bound = method.bind(None, *event.arguments, **event.named)
        for name, known in NAMED.items():
            assert bound.arguments.get(name) in {None, *known}, event
