"""What came of contacts: who was reached, and what was paid after which of them."""

from odoo.tools import SQL

from ...models.portfolio.hold_queries import is_of_family


def contacts():
    """A row for each contact that counts, with its figures.

    Joined to a grouped query, which PostgreSQL leaves out where no money is asked for.
    """
    return SQL(
        """
        SELECT contact.id, contact.id AS contact_id, contact.company_id, contact.partner_id,
               contact.user_id, contact.date, contact.channel, contact.direction,
               contact.outcome_id, contact.phase_id, contact.is_reached, contact.state,
               1 AS contact_count, %(attempts)s, COALESCE(money.amount, 0) AS amount_paid
          FROM crm_collection_contact contact
     LEFT JOIN (%(paid)s) AS money ON money.contact_id = contact.id
         WHERE contact.state != 'void'""",
        attempts=_attempts(),
        paid=_paid(),
    )


def _attempts():
    """Of what we began: whether somebody who can decide was reached. Who calls by himself is
    reached, and was not tried."""
    return SQL(
        """(contact.direction = 'out')::integer AS attempt_count,
           (contact.direction = 'out' AND contact.is_reached)::integer AS reached_count,
           CASE WHEN contact.direction = 'out' THEN 100.0 * contact.is_reached::integer END
               AS reached_rate"""
    )


def _paid():
    """What was paid after each contact: rows of (contact_id, amount), in company currency.

    As letters have it: a payment belongs to the last contact about its item up to its day, the day
    of the contact and the last of the company's days included. Here the contact has to have reached
    somebody. A payment that was returned is none: it is taken off where it was counted.

    From the contacts, which are few beside the payments: the last one of those within the days is
    the last of all.
    """
    return SQL(
        """
        SELECT last.contact_id, SUM(last.amount) AS amount
          FROM (SELECT DISTINCT ON (paid.id) about.contact_id,
                       paid.amount + COALESCE(returned.amount, 0) AS amount
                  FROM (%(about)s) AS about
                  JOIN crm_collection_settlement paid
                       ON paid.item_id = about.item_id
                      AND paid.date BETWEEN about.day AND about.day + about.days
             LEFT JOIN crm_collection_settlement returned ON returned.reversal_of_id = paid.id
                 WHERE paid.kind = 'payment' AND paid.reversal_of_id IS NULL
              ORDER BY paid.id, about.date DESC, about.contact_id DESC) AS last
      GROUP BY last.contact_id""",
        about=_about(),
    )


def _about():
    """What contacts that reached somebody were about: rows of (contact_id, item_id, date, day,
    days), the day being the company's and the days those of attribution.

    One that names no item is about all of the customer of today that was in collection then.
    """
    return SQL(
        """
        SELECT reached.contact_id, meant.item_id, reached.date, reached.day, reached.days
          FROM (%(reached)s) AS reached
    CROSS JOIN LATERAL (
            SELECT named.crm_collection_item_id AS item_id
              FROM crm_collection_contact_item_rel named
             WHERE named.crm_collection_contact_id = reached.contact_id
             UNION ALL
            SELECT item.id
              FROM crm_collection_item item
             WHERE item.company_id = reached.company_id AND item.create_date <= reached.date
               AND %(is_his)s
               AND NOT EXISTS (SELECT FROM crm_collection_contact_item_rel named
                                WHERE named.crm_collection_contact_id = reached.contact_id)
            ) AS meant""",
        reached=_reached(),
        is_his=is_of_family(SQL("item.partner_id"), SQL("reached.partner_id")),
    )


def _reached():
    return SQL(
        """
        SELECT contact.id AS contact_id, contact.company_id, contact.partner_id, contact.date,
               (contact.date AT TIME ZONE 'UTC'
                    AT TIME ZONE COALESCE(company.collection_tz, 'UTC'))::date AS day,
               company.collection_attribution_days AS days
          FROM crm_collection_contact contact
          JOIN res_company company ON company.id = contact.company_id
         WHERE contact.is_reached AND contact.state != 'void'"""
    )
