from odoo import http
from odoo.http import request

from ..models.approval.res_users import UNSUBSCRIBE_PATH


class ApprovalDigest(http.Controller):
    """Ends the daily mail from a link in it: no login, and no other power."""

    @http.route(
        f"{UNSUBSCRIBE_PATH}<string:token>",
        type="http",
        auth="public",
        methods=["GET", "POST"],
        csrf=False,  # one click in a mail program (RFC 8058); the token is the key
        sitemap=False,
    )
    def unsubscribe(self, token, **post):
        """Ask (GET: scanners of mails open every link), or do it (POST)."""
        user = request.env["res.users"]._get_by_collection_token(token)
        if not user:
            raise request.not_found()
        if request.httprequest.method == "POST":
            user.collection_approval_digest = False
        values = {"is_done": not user.collection_approval_digest, "user": user}
        lang = {"lang": user.lang} if user.lang else {}
        request.update_context(**lang)
        return request.render("crm_collection.approval_unsubscribe", values)
