"""Letters that are being handed to the mail server: their lock, and whether somebody paid."""

from odoo.tools import SQL

LOCK = "crm.collection.letter.delivery"


def lock(mail_id):
    """Take a mail's lock, if it is free: SQL of whether it is ours. It outlives commits, and goes
    with the connection of a process that is killed."""
    return SQL("SELECT pg_try_advisory_lock(hashtext(%s), %s)", LOCK, mail_id)


def unlock(mail_id):
    """Give it back."""
    return SQL("SELECT pg_advisory_unlock(hashtext(%s), %s)", LOCK, mail_id)


def owed(letter):
    """What is on the account of a letter's customer, in few figures: they are others when
    somebody pays, credits or takes a payment back."""
    return SQL(
        """SELECT COUNT(*), SUM(line.amount_residual), SUM(line.amount_residual_currency)
             FROM account_move_line line
             JOIN account_account account ON account.id = line.account_id
                  AND account.account_type = 'asset_receivable'
            WHERE line.partner_id = %s AND line.company_id = ANY(%s)
              AND line.parent_state = 'posted' AND line.reconciled IS NOT TRUE""",
        letter.partner_id.id,
        letter.company_id._get_collection_family().ids,
    )
