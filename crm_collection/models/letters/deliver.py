from odoo import api, fields, models
from odoo.fields import Domain

from ...tools.retry import in_transaction
from . import content_queries, unsent_queries
from .letter import NO_FAILURE

# States that are an address's, whatever the mail server does.
ADDRESS_STATES = ("no_address", "blacklisted")


class CrmCollectionLetter(models.Model):
    """What becomes of a letter in the mail queue, and who is told when it does not arrive.

    The mail system (:mod:`.mail_mail`) asks before it delivers and says what happened after.
    """

    _inherit = "crm.collection.letter"

    # === Before delivery === #

    def _is_still_true(self):
        """Whether everything the letter asks for is owed at this moment, as it says, and whether
        it may leave for where it goes."""
        self.ensure_one()
        company, today = self.company_id, self.company_id._get_collection_today()
        self.env.flush_all()
        return (
            self._filter_leaving()
            and (self.origin == "manual" or self.date == today)
            and self._has_its_template()
            and self._is_money_true(company, today)
            and not self._get_overtaken(company, today)
            and not self._get_over_limit(company, today)
            and self._is_on_route(self._get_route())
        )

    def _is_money_true(self, company, today, on_paper=False):
        """Whether the letter says of each item, and of the open credits, what is true now.

        :param bool on_paper: the days that passed since it was printed do not count
        """
        rows = self.env.execute_query_dict(unsent_queries.recheck(company, today, self.ids))
        query = content_queries.asked_of_letters(company, today, self.ids)
        asked = {row["item_id"]: row for row in self.env.execute_query_dict(query)}
        shown = {line.id: line for line in self.line_ids}
        return (
            rows
            and all(
                row["item_id"] in asked
                and shown[row["id"]]._is_as_written(row | asked[row["item_id"]], on_paper)
                for row in rows
            )
            and not self._get_covered(company, today)
        )

    def _is_still_owed(self):
        """Whether all the items of the letter may still be asked for."""
        self.ensure_one()
        company, today = self.company_id, self.company_id._get_collection_today()
        self.env.flush_all()
        rows = self.env.execute_query_dict(unsent_queries.recheck(company, today, self.ids))
        is_owed = bool(rows) and all(row["owed"] for row in rows)
        return is_owed and not self._get_covered(company, today)

    def _withdraw(self):
        """Take back a letter that is not true any more: it is written anew, or cancelled when
        nothing is owed."""
        env = self._in_office_language().env
        self._message_log(
            body=env._("The mail in the queue was taken back: it was not true any more.")
            if self._filter_leaving()
            else env._("The mail in the queue was taken back: letters do not leave from here now.")
        )
        self._reset()
        self._issue(anew=True)
        self._trigger_mail_queue()
        self._come_back(self.company_id, Domain("id", "in", self.ids))

    # === States === #

    def _cancel(self, reason):
        """Stop letters: their queued mails, if any, do not leave."""
        if not self:
            return
        self.write({**NO_FAILURE, "state": "cancelled", "failure_reason": reason})
        self.mail_id.filtered(lambda mail: mail.state in ("outgoing", "exception")).cancel()
        self.activity_unlink(["mail.mail_activity_data_todo"])

    def _in_office_language(self):
        """Return these letters in the language of the company's people, who read what is written
        here, and not of the customer or of the job that delivers them."""
        return self.with_context(
            lang=self.company_id[:1]._get_collection_lang() if self else self.env.lang
        )

    def _get_responsible(self):
        """:return: who works the letter: its collector, else the collection manager, else any
        manager; of them the first who works in collections in its company."""
        self.ensure_one()
        asked = self.user_id | self.company_id.collection_manager_id
        return asked.filtered(self._is_workable_by)[:1] or self._get_managers()[:1]

    def _is_about_address(self):
        """Whether the mail server works, and it is the address that does not."""
        return bool(self) and (self.fault == "address" or self.state in ADDRESS_STATES)

    def _get_manager(self):
        """:return: who is told what concerns all the letters of the company"""
        self.ensure_one()
        asked = self.company_id.collection_manager_id
        return asked.filtered(self._is_workable_by) or self._get_managers()[:1]

    def _group_by_responsible(self):
        """:return: {user: letters}, asked once per company and collector"""
        groups = {}
        for letters_of_one in self.grouped(lambda each: (each.company_id, each.user_id)).values():
            user = letters_of_one[0]._get_responsible()
            groups[user] = groups.get(user, self.browse()) | letters_of_one
        return groups

    def _get_managers(self):
        root = self.env.ref("base.user_root")
        group = self.env.ref("crm_collection.group_crm_collection_manager")
        return (group.all_user_ids - root).filtered(self._is_workable_by).sorted("id")

    def _is_workable_by(self, user):
        return (
            user.active
            # he may work in companies that who asks does not see
            and self.company_id in user.sudo().company_ids
            and user.has_group("crm_collection.group_crm_collection_user")
        )

    def _set_sent(self, moment=None):
        sent = moment or fields.Datetime.now()
        self.write({**NO_FAILURE, "state": "sent", "date_sent": sent})
        self.activity_unlink(["mail.mail_activity_data_todo"])

    @api.model
    def _sweep_outgoing(self, run):
        """Settle letters whose mail was dealt with behind our back, or deleted, each for itself.

        :return: whether all are (false: time is up)
        """
        for letter_id, *found in self.env.execute_query(unsent_queries.stale_outgoing()):
            in_transaction(self.env, self.browse(letter_id)._settle, *found)
            if not run._commit(0):
                return False
        return True

    def _settle(self, mail_state, reason, failure_type):
        if mail_state == "sent":
            self._set_sent()
        elif self.delivery_started:
            self._set_interrupted()
        elif mail_state == "exception":
            self._set_failed(reason, failure_type)
        else:
            env = self._in_office_language().env
            self._set_problem("cancelled", env._("The mail was cancelled or deleted."))
