from odoo import fields, models


class ResCompany(models.Model):
    """Who posts a company's letters: its people, who print them, or a service that is paid."""

    _inherit = "res.company"

    collection_snailmail = fields.Boolean(
        string="Letters Posted by Snail Mail",
        help="Letters that go by post are handed to Odoo's service, which prints and posts them, "
        "and takes credits for each. Off: they wait to be printed in a batch.",
    )
