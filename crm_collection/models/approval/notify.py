from markupsafe import Markup

from odoo import api, fields, models
from odoo.tools import split_every

from ...tools.retry import in_transaction

ACTIVITY_TYPE = "crm_collection.mail_activity_type_approval"
SLICE = 1000  # activities made at once
ENSURED_AT_ONCE = 200  # requests looked at in one transaction of the job
MAX_TOLD = 20  # decisions told in one message to who asked


class CrmCollectionApproval(models.Model):
    """Who is told: activities, messages, reminders, escalation."""

    _inherit = "crm.collection.approval"

    # === Activities === #

    def _schedule_activities(self, tell=True):
        """Put pending requests on the approvers' lists: as many approvers as still have to
        agree, by turns, so that a large run does not land on one desk.

        Made together and without core's mail for each (a thousand mails take longer than the
        run): who had nothing on his list before gets one message about all of them.

        :param bool tell: whether that message is sent
        """
        vals_list = self._prepare_activities()
        users = self.env["res.users"].browse({vals["user_id"] for vals in vals_list})
        idle = users - self._get_busy(users)
        Activity = self.env["mail.activity"].sudo().with_context(mail_activity_quick_update=True)
        for start in range(0, len(vals_list), SLICE):
            Activity.create(vals_list[start : start + SLICE])
        for user in idle - self.env.user if tell else ():
            ids = [vals["res_id"] for vals in vals_list if vals["user_id"] == user.id]
            self.sudo().browse(ids)._notify_waiting(user)  # who asks need not see users' addresses

    def _prepare_activities(self):
        """:return: values of the activities, one for each person whose turn it is"""
        vals_list, authors = [], self._get_authors_each()  # once for all of them
        common = {
            "activity_type_id": self._get_activity_type().id,
            "res_model_id": self.env["ir.model"]._get_id(self._name),
        }
        for (rule, level, company), approvals in self.grouped(
            lambda approval: (approval.approval_rule_id, approval.level_id, approval.company_id)
        ).items():
            approvers = level._get_approvers(company)
            standing_in = self.env["crm.collection.approval.delegation"]._get_delegates(
                approvers | rule.sudo().escalation_user_id, company
            )
            for approval in approvals:
                vals_list += [
                    common | approval._prepare_activity(user)
                    for user in approval._get_turn(approvers, standing_in, authors[approval.id])
                ]
        return vals_list

    def _prepare_activity(self, user):
        """Due at once, where the user is, not where the company is: core's counter goes by the
        user's clock and leaves out what is due later."""
        there = self.with_context(lang=user.lang, tz=user.tz or "UTC")
        return {
            "res_id": self.id,
            "user_id": user.id,
            "date_deadline": fields.Date.context_today(there),
            "summary": there.display_name,
        }

    @api.model
    def _get_busy(self, users):
        """:return: those of the users who have requests on their lists already"""
        groups = (
            self.env["mail.activity"]
            .sudo()
            ._read_group(
                [*self._get_activities_domain(), ("user_id", "in", users.ids)], ["user_id"]
            )
        )
        return users.browse(user.id for (user,) in groups)

    def _get_turn(self, approvers, standing_in, authors):
        """:param dict standing_in: {approver: who decides for him today}
        :param authors: who had a hand in it
        :return: those whose turn it is to decide, list of users; once it was left unanswered so
            long that it had to be reminded of, it is everybody's turn
        """
        self_sudo = self.sudo()  # the job asks, too, and users read no approval rules
        barred, level = self._get_barred(authors), self_sudo.level_id
        free = approvers - barred
        agreed = self_sudo.decision_ids.filtered(lambda decision: decision.level_id == level)
        # a level may need fewer since; it is the next decision that says so
        needed = max(level.approver_count - len(agreed), 1)
        if self.date_escalated:
            free = self_sudo.approval_rule_id.escalation_user_id | free
        start = self.id % len(free) if free and not self.date_escalated else 0
        turn = free[start:] + free[:start]
        if not self.date_reminded:
            turn = turn[:needed]
        # who stands in may have asked himself, or be gone
        standing_in = {
            user: other
            for user, other in standing_in.items()
            if other.active and other not in barred
        }
        return list(dict.fromkeys(standing_in.get(user, user) for user in turn))

    @api.model
    def _get_activity_type(self):
        return self.env.ref(ACTIVITY_TYPE).sudo()

    def _get_activities(self):
        # other people's too
        return (
            self.env["mail.activity"]
            .sudo()
            .search([*self._get_activities_domain(), ("res_id", "in", self.ids)])
        )

    @api.model
    def _get_activities_domain(self):
        return [("res_model", "=", self._name), ("activity_category", "=", "collection_approval")]

    def _get_shown_activities(self):
        """:return: (one activity of each request, the user's own where he has one; the requests
        that have none)"""
        activities = self._get_activities().sudo(False)
        own = activities.filtered(lambda activity: activity.user_id == self.env.user)
        shown = self.env["mail.activity"]
        for activity in own + activities:
            if activity.res_id not in shown.mapped("res_id"):
                shown += activity
        return shown, self.filtered(lambda approval: approval.id not in shown.mapped("res_id"))

    def _drop_activities(self):
        self._get_activities().unlink()

    # === After a decision === #

    def _after_decisions(self, results):
        """Tell everybody concerned about these decisions, where they look, in batches.

        :param dict results: {request: (decision, the items that entered the phase, ``None``
            when none had to)}
        """
        self._drop_activities()
        self.filtered(lambda approval: approval.state == "pending")._schedule_activities()
        bodies = {approval.id: approval._get_decision_body(*results[approval]) for approval in self}
        author = self.env.user.partner_id.id
        self._message_log_batch(bodies, author_id=author)
        self._log_on_records(bodies, author)
        self._notify_authors(bodies)
        if any(entered for _decision, entered in results.values()):
            # the letters that are now due do not wait for the night
            self.env["crm.collection.run"]._ask("letters", self.company_id)

    def _get_decision_body(self, record, entered):
        return self.env["ir.qweb"]._render(
            "crm_collection.approval_decision_message",
            {"approval": self, "decision": record, "entered": entered},
        )

    def _log_on_records(self, bodies, author):
        """On the phase each decision, on the invoices the last one."""
        by_move = {}
        for approval in self:
            if approval.kind == "definition":
                approval.phase_id._message_log(body=bodies[approval.id], author_id=author)
            elif approval.state != "pending":
                # what was paid or moved meanwhile is none of those decided about
                lines = approval.line_ids.filtered(
                    lambda line: line.state != "withdrawn" or line.reason_out == "not_allowed"
                )
                for move in lines.item_id.move_id:
                    by_move.setdefault(move, []).append(bodies[approval.id])
        moves = self.env["account.move"].union(*by_move) if by_move else self.env["account.move"]
        messages = {move.id: Markup("").join(by_move[move]) for move in moves}
        moves._message_log_batch(messages, author_id=author)

    def _notify_authors(self, bodies):
        """One message to everybody who asked, whatever number was decided about."""
        over = self.filtered(lambda approval: approval.state != "pending" and approval.user_id)
        for user, approvals in over.grouped("user_id").items():
            if user == self.env.ref("base.user_root"):
                continue
            shown = approvals[:MAX_TOLD]
            parts = [bodies[approval.id] for approval in shown]
            if more := len(approvals) - len(shown):
                parts.append(Markup("<p>%s</p>") % self.env._("and %s more.", more))
            subject = (
                shown.display_name
                if len(approvals) == 1
                else self.env._("%s of your requests are decided", len(approvals))
            )
            approvals[:1].with_context(mail_notify_force_send=False).message_notify(
                partner_ids=user.partner_id.ids, subject=subject, body=Markup("").join(parts)
            )

    # === Reminders === #

    @api.model
    def _cron_remind(self):
        """Daily: put requests nobody has on his list on one, remind, escalate; each a transaction
        of its own where the scheduler asks."""
        commit = bool(self.env.context.get("ir_cron_progress_id"))
        pending = self.sudo().search([("state", "=", "pending")])._get_by_day()
        for ids in split_every(ENSURED_AT_ONCE, pending.ids, list):
            ensure = pending.browse(ids)._ensure_activities
            in_transaction(self.env, ensure, commit=commit)
        for rule, approvals in pending.grouped("approval_rule_id").items():
            if rule.escalate_days:
                overdue = approvals._get_overdue(rule.escalate_days, "date_escalated")
                in_transaction(self.env, overdue._escalate, commit=commit)
            if rule.remind_days:
                overdue = approvals._get_overdue(rule.remind_days, "date_reminded")
                in_transaction(self.env, overdue._remind, commit=commit)

    def _get_by_day(self):
        """:return: those of companies whose letters' hour has come: the scheduler tells nobody of a
        new day before it has begun there"""
        if not self.env["crm.collection.run"]._is_by_clock():
            return self
        now, nobodys = fields.Datetime.now(), self.env.company
        begun = (self.company_id | nobodys).filtered(
            lambda one: one._get_collection_start("letters", one._get_collection_today()) <= now
        )
        return self.filtered(lambda approval: (approval.company_id or nobodys) in begun)

    def _ensure_activities(self):
        """An approver may have left, lost the group or deleted what was on his list."""
        lists, authors = self._get_activities().grouped("res_id"), self._get_authors_each()
        gone, lost = self.env["mail.activity"].sudo(), self.browse()
        for approval in self:
            approval._ensure_level()
            activities = lists.get(approval.id, self.env["mail.activity"])
            of_request = authors[approval.id]
            idle = activities.filtered(
                lambda activity, approval=approval, of_request=of_request: (
                    not approval._get_power(activity.user_id, authors=of_request)
                )
            )
            if idle or not activities:
                gone |= activities
                lost |= approval
        gone.unlink()
        lost._schedule_activities()

    def _ensure_level(self):
        """A request that waits does so for a level of its rule: of one that is gone, whatever took
        it away, for the first that has not decided."""
        if self.level_id:
            return
        levels = self.approval_rule_id._get_levels(self._get_level_amount())
        self.level_id = (levels - self.decision_ids.level_id)[:1] or levels[-1:]

    def _get_overdue(self, days, fname):
        return self.filtered(
            lambda approval: not approval[fname] and approval._get_days_waiting() >= days
        )

    def _set_today(self, fname):
        for company, approvals in self.grouped("company_id").items():
            approvals[fname] = (company or self.env.company)._get_collection_today()

    def _remind(self):
        """Put them on the list of everybody who may decide, and tell them once."""
        self._set_today("date_reminded")
        self._drop_activities()
        self._schedule_activities(tell=False)
        for user, of_user in self._get_activities().grouped("user_id").items():
            if user:
                self.browse(of_user.mapped("res_id"))._notify_waiting(user)

    def _escalate(self):
        self._set_today("date_escalated")
        self._drop_activities()
        self._schedule_activities(tell=False)
        for user, approvals in self.grouped(
            lambda approval: approval.approval_rule_id.escalation_user_id
        ).items():
            approvals._notify_waiting(user)

    def _notify_waiting(self, user):
        """One message about all the requests that wait for ``user``."""
        translated = self.with_context(lang=user.lang)
        body = translated.env["ir.qweb"]._render(
            "crm_collection.approval_waiting_message", {"approvals": translated, "user": user}
        )
        self[:1].with_context(mail_notify_force_send=False, lang=user.lang).message_notify(
            partner_ids=user.partner_id.ids,
            subject=translated._get_waiting_subject(),
            body=body,
            email_add_signature=False,
        )

    def _get_waiting_subject(self):
        if len(self) == 1:
            return self.env._("An approval waits for you")
        return self.env._("%s approvals wait for you", len(self))
