"""Which of what the module writes is personal, and what of it is taken out when it is anonymised.

What names the customer, or says something of him in words, goes: names, addresses, texts, files,
and persons at the customer. What is counted, added up or grouped by stays: amounts, days, phases,
states, reasons that are chosen from a list, numbers of invoices, collectors, and the customer as a
record of accounting's, which is not the module's to change.
"""

from collections.abc import Callable
from typing import NamedTuple

from . import closed_queries


class Part(NamedTuple):
    """What goes with a record: rows of another model that point to it."""

    model: str
    parent: str  # the field that points to it
    words: tuple = ()
    named: tuple = ()


class Kind(NamedTuple):
    """One model whose records are anonymised when they are closed (:mod:`.closed_queries`)."""

    model: str
    is_due: Callable  # of a day: condition on ``one``
    customer: str = "partner_id"  # the field that says whose it is
    words: tuple = ()  # emptied
    named: tuple = ()  # say that they were anonymised, where they said anything
    lists: tuple = ()  # of records that are taken off
    parts: tuple = ()
    has_chatter: bool = True
    told: str = ""  # what is told of it in the chatters of customer and invoices, too


KINDS = (
    Kind("crm.collection.item", closed_queries.item, words=("exception",)),
    Kind(
        "crm.collection.allocation",
        closed_queries.of_item,
        words=("reason",),
        named=("partner_name",),
        has_chatter=False,
    ),
    Kind(
        "crm.collection.settlement",
        closed_queries.of_item,
        named=("partner_name",),
        has_chatter=False,
    ),
    Kind(
        "crm.collection.letter",
        closed_queries.letter,
        words=(
            *("email_to", "address", "addresses_tried", "passed_over", "pdf_attachment_id"),
            *("failure_reason", "failure_detail", "reversal_reason"),
        ),
        lists=("recipient_ids",),
        told="reversal_reason",
        parts=(
            Part(
                "crm.collection.batch.line",
                "letter_id",
                words=("addressee", "reason", "returned_note"),
            ),
            Part(
                "crm.collection.returned",
                "letter_id",
                words=("email", "reason", "mail_ref", "report_ref"),
            ),
        ),
    ),
    Kind(
        "crm.collection.hold",
        closed_queries.hold,
        customer="customer_id",
        named=("reason",),
        told="reason",
    ),
    Kind("crm.collection.contact", closed_queries.contact, words=("note", "person_id")),
    Kind("crm.collection.task", closed_queries.task, words=("feedback",)),
    Kind(
        "crm.collection.approval",
        closed_queries.approval,
        words=("reason",),
        parts=(
            Part("crm.collection.approval.line", "approval_id", words=("note",)),
            Part(
                "crm.collection.approval.decision",
                "approval_id",
                words=("reason",),
                named=("subject", "partner_name"),
            ),
        ),
    ),
    Kind("crm.collection.thanks", closed_queries.thanks),
    Kind(
        "crm.collection.approval.change",
        closed_queries.change,
        customer="res_id",
        named=("name",),
        has_chatter=False,
    ),
)
