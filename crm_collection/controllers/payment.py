import math

from odoo.exceptions import ValidationError
from odoo.http import request, route

from odoo.addons.account_payment.controllers.payment import PaymentPortal
from odoo.addons.account_payment.controllers.portal import PortalAccount

from .portal import CollectionPortal

SCOPES = ("overdue", "all")
FLOWS = ("redirect", "direct", "token")
MAX_ID = 2**31
MAX_REFERENCE = 100  # characters of what the customer reads beside his payment


class CollectionPayment(CollectionPortal, PortalAccount, PaymentPortal):
    """Paying several items at once, with core's form, providers and transactions.

    Core's own page for what is overdue asks for the whole amount of invoices that are partly paid
    and knows neither installments, credits nor contacts; so only the choice of items and the
    amount are decided here, and the amount is the server's, never the browser's.
    """

    # === Own items === #

    def _get_collection_accounts(self):
        """Add to each account where everything, and where what is overdue, is paid at once."""
        accounts = super()._get_collection_accounts()
        for scope in SCOPES:
            keys = {payment["key"] for payment in self._get_collection_payments(scope)}
            for account in accounts:
                urls = account.setdefault("pay_urls", {})
                if account["key"] in keys:
                    urls[scope] = f"/my/collections/pay?scope={scope}&account={account['key']}"
        for account in accounts:
            if account["overdue"] == account["residual"]:  # the same twice
                account["pay_urls"].pop("overdue", None)
        return accounts

    @route("/my/collections/pay", type="http", auth="user", methods=["GET"], website=True)
    def portal_my_collections_pay(self, scope="all", **kw):
        """What can be paid at once, a form for each customer, company and currency."""
        payments = self._get_collection_payments(scope)
        if not payments:
            return request.redirect("/my/collections")
        payment = next((pay for pay in payments if pay["key"] == kw.get("account")), payments[0])
        values = self._prepare_collection_payment_values(
            payment,
            landing_route="/my/collections",
            transaction_route=f"/my/collections/transaction/{payment['key']}/{scope}",
        )
        values |= {"payments": payments, "scope": scope, "default_url": "/my/collections/pay"}
        return request.render("crm_collection.portal_collection_pay", values)

    @route(
        "/my/collections/transaction/<string:account>/<string:scope>", type="jsonrpc", auth="user"
    )
    def portal_my_collections_transaction(self, account, scope, **kwargs):
        """Create the transaction for the items of one account.

        :raise ValidationError: where nothing of it is the user's to pay, or the amount changed
        """
        for payment in self._get_collection_payments(scope):
            if payment["key"] == account:
                return self._create_collection_transaction(payment, **kwargs)
        raise ValidationError(request.env._("There is nothing to pay here any more."))

    def _get_collection_payments(self, scope):
        """Return what the user can pay at once (see ``crm.collection.statement``)."""
        if scope not in SCOPES:
            raise request.not_found()
        statement = self._get_collection_statement()
        domain = self._get_collection_open_items_domain()
        if scope == "overdue":
            # sudo: a portal user reads no settings of companies; these are his own
            domain &= statement._get_overdue_domain(self._get_collection_companies().sudo())
        # sudo: no access to journal items; the domain is his customer's
        lines_sudo = request.env["account.move.line"].sudo()
        return statement._get_payments(lines_sudo.search(domain, order="date_maturity, id"))

    # === Core's payment === #

    def _prepare_collection_payment_values(
        self, payment, landing_route, transaction_route, access_token=None
    ):
        moves = self._get_collection_moves(payment)
        company, currency = payment["company"], payment["currency"]
        reference = (
            moves.name if len(moves) == 1 else company.get_next_batch_payment_communication()
        )
        return {
            "page_name": "collection_payment",
            "res_company": company,
            "collection_payment": payment,
            "payment_reference": reference,
            "amount": payment["amount"],
            **self._get_common_page_view_values(
                invoices_data={
                    "partner": payment["partner"],
                    "company": company,
                    "total_amount": payment["amount"],
                    "amount_residual": payment["amount"],
                    "currency": currency,
                    "payment_reference": reference,
                    "landing_route": landing_route,
                    "transaction_route": transaction_route,
                },
                access_token=access_token,
            ),
        }

    def _get_collection_moves(self, payment):
        """The entries that the money is for: not those that open credits pay."""
        # sudo: the entries of items that were found to be the customer's
        moves = request.env["account.move"].sudo()
        to_pay = (item["move"].id for item in payment["open_items"] if item["left"] > 0)
        return moves.browse(dict.fromkeys(to_pay))

    def _create_collection_transaction(
        self, payment, amount=None, payment_reference=None, access_token=None, **kwargs
    ):
        """Create core's transaction for exactly what the page showed.

        Core matches the payment with the oldest installments of the invoices first.
        """
        if not self._is_collection_amount(payment, amount):
            raise ValidationError(
                request.env._("The amount has changed in the meantime. Please load the page again.")
            )
        self._validate_transaction_kwargs(kwargs)
        logged_in = not request.env.user._is_public()
        payer = request.env.user.partner_id if logged_in else payment["partner"]
        self._check_collection_means(payment, payer, kwargs)
        return self._process_transaction(
            payer.id,
            payment["currency"].id,
            self._get_collection_moves(payment).ids,
            str(payment_reference or "")[:MAX_REFERENCE] or None,
            amount=payment["amount"],
            **kwargs,
        )

    def _is_collection_amount(self, payment, amount):
        """Whether the browser shows what is to be paid: what is no number, or none that money is
        counted in, is another amount."""
        shown = self._cast_as_float(amount)
        if shown is None or not math.isfinite(shown) or abs(shown - payment["amount"]) >= 1:
            return False
        return not payment["currency"].compare_amounts(shown, payment["amount"])

    def _check_collection_means(self, payment, payer, kwargs):
        """:raise ValidationError: the browser asks for a way to pay that the page did not offer,
        or for none at all"""
        providers_sudo = request.env["payment.provider"].sudo()  # as core reads their settings
        providers_sudo = providers_sudo._get_compatible_providers(
            *(payment["company"].id, payer.id, payment["amount"]),
            currency_id=payment["currency"].id,
        )
        flow, ids = kwargs.get("flow"), [kwargs.get("provider_id")]
        ids.append(kwargs.get("token_id" if flow == "token" else "payment_method_id"))
        are_ids = all(type(id_) is int and 0 < id_ < MAX_ID for id_ in ids)
        if flow not in FLOWS or not are_ids or ids[0] not in providers_sudo.ids:
            raise ValidationError(request.env._("This way to pay is not offered here."))
        model = "payment.token" if flow == "token" else "payment.method"
        if not request.env[model].sudo().browse(ids[1]).exists():
            raise ValidationError(request.env._("This way to pay is not offered here."))
        kwargs["landing_route"] = str(kwargs.get("landing_route") or "/my/collections")
        kwargs["tokenization_requested"] = bool(kwargs.get("tokenization_requested"))
        kwargs.update(is_validation=False)
        kwargs.setdefault("payment_method_id", None)
        kwargs.setdefault("token_id", None)
