from datetime import date

from odoo.exceptions import UserError, ValidationError
from odoo.http import request, route

from ..models.desk.contact_page import MAX_BYTES, MAX_FILES, MAX_TEXT, PageAnswer
from .payment import CollectionPayment


def letter_page(path):
    """Route of a page whose address is its key."""
    return route(
        path,
        type="http",
        auth="public",
        methods=["GET"],
        website=True,
        multilang=False,
        sitemap=False,
    )


class CollectionLetter(CollectionPayment):
    """The page behind the link in a letter: its items as they are now, and how to pay them.

    A link that was not signed here, is another letter's or one of a letter that was taken back
    answers 404; a genuine one that has expired 410, with nothing but whom to ask.
    """

    # === Page === #

    @letter_page("/collections/letter/<int:letter_id>")
    def collection_letter(self, letter_id, token=None, **kw):
        """The letter's items now."""
        letter_sudo, expired = self._open_collection_letter(letter_id, token)
        return expired or self._render_collection_letter_items(letter_sudo, token)

    def _render_collection_letter_items(self, letter_sudo, token, status=200, **answer):
        """:param answer: what was said on the page and could not be taken, and why"""
        statement = self._get_collection_statement()
        open_items = letter_sudo._get_online_open_items()
        payable_ids = statement._get_payable_ids(open_items)
        slips = statement._get_pay_slips(open_items)
        for open_item in open_items:
            if slip := slips.get(open_item["line"]):
                path = f"/collections/letter/{letter_sudo.id}/slip/{open_item['line'].id}"
                open_item |= {"slip": slip, "slip_url": f"{path}?token={token}"}
            open_item["pay_url"] = open_item["line"].id in payable_ids and (
                f"/collections/letter/{letter_sudo.id}/pay/{open_item['line'].id}?token={token}"
            )
        lines_sudo = letter_sudo._get_online_lines()
        values = self._prepare_collection_letter_values(letter_sudo, token) | {
            "open_items": open_items,
            "payments": statement._get_payments(lines_sudo),
            "credits": letter_sudo._get_credits(),
            "bank_labels": letter_sudo._get_online_bank_labels(open_items),
            "pay_codes": letter_sudo._get_online_pay_codes(open_items),
            "with_charges": any(
                line.amount_fine or line.amount_interest for line in letter_sudo.line_ids
            ),
        }
        values |= self._prepare_collection_answer_values(letter_sudo, **answer)
        return self._render_collection_letter(
            "crm_collection.portal_collection_letter", values, status=status
        )

    @letter_page("/collections/letter/<int:letter_id>/pdf")
    def collection_letter_pdf(self, letter_id, token=None, **kw):
        """The letter as it was sent, for who has its link."""
        letter_sudo, expired = self._open_collection_letter(letter_id, token)
        return expired or self._make_collection_letter_response(letter_sudo)

    @letter_page("/collections/letter/<int:letter_id>/slip/<int:line_id>")
    def collection_letter_slip(self, letter_id, line_id, token=None, **kw):
        """The slip with which an item of the letter is paid, for who has the link."""
        letter_sudo, expired = self._open_collection_letter(letter_id, token)
        if expired:
            return expired
        lines_sudo = letter_sudo._get_online_lines()
        return self._make_collection_slip_response(
            lines_sudo.filtered(lambda line: line.id == line_id)
        )

    # === Answer === #

    @route(
        "/collections/letter/<int:letter_id>/answer",
        type="http",
        auth="public",
        methods=["POST"],
        website=True,
        multilang=False,
        sitemap=False,
    )
    def collection_letter_answer(self, letter_id, token=None, **_posted):
        """Take what somebody says on the page; what cannot be taken is shown again, with why."""
        letter_sudo, expired = self._open_collection_letter(letter_id, token)
        if expired:
            return expired
        # the page is who asks: what it may do is checked with the answer
        contacts_sudo = request.env["crm.collection.contact"].sudo()
        try:
            answer = self._read_collection_answer()
            with request.env.cr.savepoint():
                contacts_sudo._receive_page_answer(letter_sudo, answer)
        except UserError as error:
            return self._render_collection_letter_items(
                *(letter_sudo, token, 400), said=request.httprequest.form, fault=error.args[0]
            )
        return request.redirect(f"/collections/letter/{letter_id}?token={token}#answer", code=303)

    def _read_collection_answer(self):
        """:return: the answer as it was sent; of a file no more is read than may be sent
        :raise UserError: a day that is none
        """
        form, files = request.httprequest.form, request.httprequest.files  # a text is no file
        day = form.get("day")
        try:
            day = date.fromisoformat(day) if day else None
        except ValueError as error:
            raise UserError(request.env._("Please choose a day.")) from error
        numbers = (self._cast_as_int(one) for one in form.getlist("item"))
        return PageAnswer(
            kind=form.get("kind", ""),
            text=form.get("text", ""),
            day=day,
            item_ids=tuple(filter(None, numbers)),
            files=tuple(
                (one.filename, one.read(MAX_BYTES + 1))
                for one in files.getlist("files")[: MAX_FILES + 1]
                if one.filename
            ),
        )

    def _prepare_collection_answer_values(self, letter_sudo, said=None, fault=None):
        contacts_sudo = request.env["crm.collection.contact"].sudo()
        answers_sudo = contacts_sudo.search(
            [("letter_id", "=", letter_sudo.id), ("channel", "=", "page")]
        )
        return {
            "answers": answers_sudo,
            "answer_kinds": contacts_sudo._get_page_offered(letter_sudo),
            "answer_items": contacts_sudo._get_page_items(letter_sudo),
            "answer_today": letter_sudo.company_id._get_collection_today(),
            "answer_last_day": contacts_sudo._get_page_last_day(letter_sudo),
            "answer_longest": MAX_TEXT,
            "answer_said": said or {},
            "answer_fault": fault,
        }

    # === Payment === #

    @letter_page("/collections/letter/<int:letter_id>/pay/<int:line_id>")
    def collection_letter_pay_open_item(self, letter_id, line_id, token=None, **kw):
        """Pay one item of the letter, with those of its invoice that come before it.

        On a page of the letter's: the invoice's own key, which does not expire and opens all of
        the invoice, is neither made nor handed out.
        """
        letter_sudo, expired = self._open_collection_letter(letter_id, token)
        if expired:
            return expired
        payment = self._find_collection_line_payment(letter_sudo, line_id)
        if not payment:
            raise request.not_found()
        return self._render_collection_letter_payment(letter_sudo, token, payment, f"/{line_id}")

    @letter_page("/collections/letter/<int:letter_id>/pay")
    def collection_letter_pay(self, letter_id, token=None, currency_id=None, **kw):
        """Pay all items of the letter that are in one currency at once."""
        letter_sudo, expired = self._open_collection_letter(letter_id, token)
        if expired:
            return expired
        payment = self._find_collection_letter_payment(letter_sudo, self._cast_as_int(currency_id))
        if not payment:
            return request.redirect(f"/collections/letter/{letter_id}?token={token}")
        return self._render_collection_letter_payment(letter_sudo, token, payment)

    def _render_collection_letter_payment(self, letter_sudo, token, payment, of_line=""):
        path = f"/collections/letter/{letter_sudo.id}"
        values = self._prepare_collection_payment_values(
            payment,
            landing_route=f"{path}?token={token}",
            transaction_route=f"{path}/transaction/{payment['currency'].id}{of_line}",
            access_token=token,
        )
        values |= self._prepare_collection_letter_values(letter_sudo, token)
        return self._render_collection_letter("crm_collection.portal_collection_pay", values)

    @route(
        [
            "/collections/letter/<int:letter_id>/transaction/<int:currency_id>",
            "/collections/letter/<int:letter_id>/transaction/<int:currency_id>/<int:line_id>",
        ],
        type="jsonrpc",
        auth="public",
    )
    def collection_letter_transaction(
        self, letter_id, currency_id, line_id=None, access_token=None, **kwargs
    ):
        """Create the transaction for the items of the letter in one currency, or for one of them.

        :raise ValidationError: where the link does not work any more, or the amount changed
        """
        letter_sudo, is_valid = request.env["crm.collection.letter"]._find_online(
            letter_id, access_token
        )
        payment = None
        if is_valid and line_id is None:
            payment = self._find_collection_letter_payment(letter_sudo, currency_id)
        elif is_valid:
            payment = self._find_collection_line_payment(letter_sudo, line_id)
        if not payment:
            raise ValidationError(request.env._("There is nothing to pay here any more."))
        return self._create_collection_transaction(payment, **kwargs)

    def _find_collection_letter_payment(self, letter_sudo, currency_id):
        payments = self._get_collection_statement()._get_payments(letter_sudo._get_online_lines())
        return next((pay for pay in payments if pay["currency"].id == currency_id), None)

    def _find_collection_line_payment(self, letter_sudo, line_id):
        lines_sudo = letter_sudo._get_online_lines().filtered(lambda line: line.id == line_id)
        return lines_sudo and self._get_collection_statement()._get_line_payment(lines_sudo)

    # === Access === #

    def _open_collection_letter(self, letter_id, token):
        """:return: ``(letter in sudo, None)``, or ``(None, the page of an expired link)``
        :raise NotFound: where the link is not genuine
        """
        letter_sudo, is_valid = request.env["crm.collection.letter"]._find_online(letter_id, token)
        if not letter_sudo:
            raise request.not_found()
        if request.env.user._is_public():  # nobody's language: the one he is written to in
            request.update_context(lang=letter_sudo._get_lang())
        letter_sudo = letter_sudo.with_context(lang=request.env.lang)
        if is_valid:
            return letter_sudo, None
        values = {
            "sender": letter_sudo._get_sender(),
            "res_company": letter_sudo.company_id,
            "no_breadcrumbs": True,
        }
        page = self._render_collection_letter(
            "crm_collection.portal_collection_letter_expired", values, status=410
        )
        return None, page

    def _prepare_collection_letter_values(self, letter_sudo, token):
        return {
            "page_name": "collection_letter",
            "letter": letter_sudo,
            "token": token,
            "sender": letter_sudo._get_sender(),
            "res_company": letter_sudo.company_id,
            "no_breadcrumbs": True,
        }

    def _render_collection_letter(self, template, values, status=200):
        """Render a page whose address is its key: it is not kept, indexed or passed on."""
        values["html_data"] = {"lang": request.env.lang.replace("_", "-")}
        response = request.render(template, values, status=status)
        response.headers["Cache-Control"] = "private, no-store"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Robots-Tag"] = "noindex"
        return response
