from markupsafe import escape

from odoo import fields, models
from odoo.exceptions import AccessError, UserError

from odoo.addons.crm_collection.tools.arguments import check_one, get_text

from .sale_order import RELEASERS

ACTIVITY = "crm_collection_sale.mail_activity_type_release"


class SaleOrder(models.Model):
    """Letting an order through although its customer's phase stops orders.

    ======================= ================================================================
    What                    Who
    ======================= ================================================================
    ask for a release       whoever sees the quotation
    release                 who has the right to it: approvers and managers of collections,
                            and whom an administrator gave it
    ======================= ================================================================
    """

    _inherit = "sale.order"

    # === Actions === #

    def action_release_credit(self):
        """The dialog in which the order is released.

        :raise AccessError: for who may not release orders
        """
        order = check_one(self)
        order._check_may_release()
        return order._get_release_action()

    def action_ask_credit_release(self):
        """Put the release on the list of who may decide it.

        :raise UserError: nothing stops the order, or there is nobody who may
        """
        order = check_one(self)
        order.check_access("read")
        user = order._ask_release(order._get_credit_stop())
        if not user:
            raise UserError(
                self.env._(
                    "Nobody has the right to release orders of %s. An administrator gives it.",
                    order.company_id.name,
                )
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "success",
                "message": self.env._("%s has been asked.", user.name),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    # === Business methods === #

    def _get_release_action(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Release the Order"),
            "res_model": "crm.collection.order.release",
            "views": [(False, "form")],
            "target": "new",
            "context": {"default_order_id": self.id},
        }

    def _check_may_release(self):
        self.check_access("read")
        if not self.env.user.has_group(RELEASERS):
            raise AccessError(
                self.env._(
                    "Orders are released by approvers and managers of collections, and by those "
                    "who were given the right to it."
                )
            )

    def _get_credit_stop(self):
        """:return: the :class:`~.item.CreditStop` that stops the order
        :raise UserError: nothing does
        """
        self.ensure_one()
        stop = self._get_waiting_stops().get(self)
        if self._get_credit_state(stop) != "stop":
            raise UserError(self.env._("Nothing stops %s (any more).", self.name))
        return stop

    def _release_from_credit_stop(self, reason):
        """Let the order through, as it is now.

        :raise UserError: without a reason, or where nothing stops it
        """
        self.ensure_one()
        self._check_may_release()
        stop, reason = self._get_credit_stop(), get_text(self.env, reason).strip()
        if not reason:
            raise UserError(self.env._("Say why the order is released."))
        order_sudo = self.sudo()  # who releases need not be one who sells
        order_sudo.collection_release_ids.create(
            {
                "order_id": self.id,
                "company_id": self.company_id.id,
                "name": self.name,
                "partner_id": stop.customer.id,
                "phase_id": stop.phase.id,
                "currency_id": self.currency_id.id,
                "amount": self.amount_total,
                "reason": reason,
                "user_id": self.env.uid,
                "date": fields.Datetime.now(),
            }
        )
        order_sudo.message_post(
            body=self.env._(
                "Released up to %(amount)s: %(reason)s (%(why)s)",
                amount=self.currency_id.format(self.amount_total),
                reason=reason,
                why=self._describe_credit_phase(stop),
            ),
            partner_ids=(order_sudo.user_id.partner_id - self.env.user.partner_id).ids,
        )
        order_sudo.activity_feedback([ACTIVITY], feedback=reason)

    def _ask_release(self, stop):
        """Put it on the list of who may release the order, once.

        :return: who is asked; nobody where there is nobody who may
        """
        order_sudo = self.sudo()
        waiting = order_sudo.activity_search([ACTIVITY])
        user = waiting.user_id[:1] or order_sudo._get_releaser()
        if user and not waiting:
            told = order_sudo.with_context(lang=user.lang)
            told.activity_schedule(
                ACTIVITY, user_id=user.id, note=escape(told._describe_credit_phase(stop))
            )
        return user

    def _get_releaser(self):
        """:return: the collection manager where he may, else the first who does"""
        users = self.env.ref(RELEASERS).all_user_ids.filtered(
            lambda user: user.active and not user.share and self.company_id in user.company_ids
        )
        manager = self.company_id.collection_manager_id
        ordered = users.sorted(lambda user: (user != manager, user.id))
        may_read = (user for user in ordered if self.with_user(user).has_access("read"))
        return next(may_read, users.browse())
