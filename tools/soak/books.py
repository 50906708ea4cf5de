"""Pieces of work of those who keep the books, as :mod:`.work`."""

from odoo.fields import Command

from .scene import BOOKKEEPERS


class Books:
    """Mixed into the commands of a worker."""

    def draw_pay(self, seed):
        def fetch(env, rnd):
            customers = self._draw_customers(env, rnd, 1)
            items = self._get_items(env, ("partner_id", "in", customers))
            lines = items.line_id.ids
            return {
                "login": rnd.choice(BOOKKEEPERS),
                "line_ids": sorted(rnd.sample(lines, min(rnd.randint(1, 4), len(lines)))),
                "share": rnd.choice((1, 1, 0.5)),
                "memo": f"Paid {seed}",
            }

        return self._choose(seed, fetch)

    def work_pay(self, login, line_ids, share, memo):
        def pay(env):
            payments = env["account.payment"]
            lines = env["account.move.line"].browse(line_ids)
            lines = lines.filtered(
                lambda line: not line.reconciled and line.parent_state == "posted"
            )
            if not lines or payments.search_count([("memo", "=", memo)], limit=1):
                return None
            active = {"active_model": "account.move.line", "active_ids": lines.ids}
            wizard = env["account.payment.register"].with_context(**active)
            wizard = wizard.create({"group_payment": True, "communication": memo})
            if share != 1:
                wizard.amount = wizard.currency_id.round(wizard.amount * share)
            wizard._create_payments().memo = memo  # of several it has words of its own
            env.flush_all()
            return {"memo": memo, "settled": lines.filtered("reconciled").ids}

        return self._try(login, pay)

    def draw_unpay(self, seed):
        def fetch(env, rnd):
            paid = env["account.payment"].search([("memo", "=like", "Paid %")], order="memo")
            paid = paid.filtered(self._get_matched)
            memos = sorted(set(paid.mapped("memo")))
            return {"login": rnd.choice(BOOKKEEPERS), "memo": memos and rnd.choice(memos)}

        return self._choose(seed, fetch)

    def _get_matched(self, payment):
        return payment.move_id.line_ids.filtered("matched_debit_ids")

    def work_unpay(self, login, memo):
        def unpay(env):
            payments = env["account.payment"].search([("memo", "=", memo)])
            matched = self._get_matched(payments)
            line_ids = matched.matched_debit_ids.debit_move_id.ids
            if matched:
                matched.remove_move_reconcile()
            return {"line_ids": line_ids}

        return self._try(login, unpay)

    def draw_reset(self, seed):
        def fetch(env, rnd):
            ids = self._get_items(env).move_id.sorted("id").ids
            return {
                "login": rnd.choice(BOOKKEEPERS),
                "move_ids": rnd.sample(ids, min(2, len(ids))),
            }

        return self._choose(seed, fetch)

    def work_reset(self, login, move_ids):
        """Into draft, and posted again: two calls, as it is two buttons."""

        def reset(env):
            moves = env["account.move"].browse(move_ids)
            moves.filtered(lambda move: move.state == "posted").button_draft()
            return {"line_ids": moves.line_ids.ids}

        return self._try(login, reset)

    def work_post(self, login, move_ids):
        def post(env):
            moves = env["account.move"].browse(move_ids)
            moves.filtered(lambda move: move.state == "draft").action_post()
            return {"line_ids": moves.line_ids.ids}

        return self._try(login, post)

    def draw_merge(self, seed):
        def fetch(env, rnd):
            return {"login": "pam", "partner_ids": self._draw_customers(env, rnd, 2)}

        return self._choose(seed, fetch)

    def work_merge(self, login, partner_ids):
        def merge(env):
            partners = env["res.partner"].with_context(active_test=False).browse(partner_ids)
            partners = partners.exists()
            if len(partners) < 2:
                return
            partners.email = partners[0].email  # core merges those of one address alone
            wizard = env["base.partner.merge.automatic.wizard"].create(
                {
                    "partner_ids": [Command.set(partners.ids)],
                    "dst_partner_id": partners[0].id,
                }
            )
            wizard.action_merge()

        return self._try(login, merge)
