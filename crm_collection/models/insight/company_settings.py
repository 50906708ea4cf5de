from odoo import api, fields, models


class CrmCollectionCompanySettings(models.AbstractModel):
    """The settings of a company, as pages show them: Odoo's own, which is for administrators, and
    the collection managers' one. They are named here once, so that both offer the same."""

    _name = "crm.collection.company.settings"
    _description = "Collection Settings of a Company"

    company_id = fields.Many2one(comodel_name="res.company")
    collection_live_note = fields.Text(
        string="Another Database", compute="_compute_collection_live_note"
    )

    collection_auto_send = fields.Boolean(related="company_id.collection_auto_send", readonly=False)
    collection_quiet_days = fields.Integer(
        related="company_id.collection_quiet_days", readonly=False
    )
    collection_contacts_week = fields.Integer(
        related="company_id.collection_contacts_week", readonly=False
    )
    collection_returned_max = fields.Integer(
        related="company_id.collection_returned_max", readonly=False
    )
    collection_second_channel = fields.Selection(
        related="company_id.collection_second_channel", readonly=False
    )
    collection_third_channel = fields.Selection(
        related="company_id.collection_third_channel", readonly=False
    )
    collection_processing_days = fields.Integer(
        related="company_id.collection_processing_days", readonly=False
    )
    collection_collected_method_ids = fields.Many2many(
        related="company_id.collection_collected_method_ids", readonly=False
    )
    collection_collected_days = fields.Integer(
        related="company_id.collection_collected_days", readonly=False
    )
    collection_promise_days = fields.Integer(
        related="company_id.collection_promise_days", readonly=False
    )
    collection_promise_percent = fields.Float(
        related="company_id.collection_promise_percent", readonly=False
    )
    collection_promise_remind = fields.Boolean(
        related="company_id.collection_promise_remind", readonly=False
    )
    collection_promise_longest = fields.Integer(
        related="company_id.collection_promise_longest", readonly=False
    )
    collection_hold_longest = fields.Integer(
        related="company_id.collection_hold_longest", readonly=False
    )
    collection_thank = fields.Boolean(related="company_id.collection_thank", readonly=False)
    collection_link_days = fields.Integer(related="company_id.collection_link_days", readonly=False)
    collection_letter_layout = fields.Selection(
        related="company_id.collection_letter_layout", readonly=False
    )
    collection_pay_code = fields.Boolean(related="company_id.collection_pay_code", readonly=False)
    collection_bank_days = fields.Integer(related="company_id.collection_bank_days", readonly=False)
    collection_bank_user_id = fields.Many2one(
        related="company_id.collection_bank_user_id", readonly=False
    )
    collection_bank_date = fields.Date(related="company_id.collection_bank_date", readonly=False)
    collection_page_answers = fields.Boolean(
        related="company_id.collection_page_answers", readonly=False
    )
    collection_page_wait_days = fields.Integer(
        related="company_id.collection_page_wait_days", readonly=False
    )
    collection_page_promise_days = fields.Integer(
        related="company_id.collection_page_promise_days", readonly=False
    )
    collection_tz = fields.Selection(related="company_id.collection_tz", readonly=False)
    collection_hour = fields.Float(related="company_id.collection_hour", readonly=False)
    collection_letters_hour = fields.Float(
        related="company_id.collection_letters_hour", readonly=False
    )
    collection_forewarn = fields.Boolean(related="company_id.collection_forewarn", readonly=False)
    collection_forewarn_hour = fields.Float(
        related="company_id.collection_forewarn_hour", readonly=False
    )
    collection_manager_id = fields.Many2one(
        related="company_id.collection_manager_id", readonly=False
    )
    collection_fine_percent = fields.Float(
        related="company_id.collection_fine_percent", readonly=False
    )
    collection_interest_percent = fields.Float(
        related="company_id.collection_interest_percent", readonly=False
    )
    collection_charge_product_id = fields.Many2one(
        related="company_id.collection_charge_product_id", readonly=False
    )
    collection_charge_account_id = fields.Many2one(
        related="company_id.collection_charge_account_id", readonly=False
    )
    collection_charge_journal_id = fields.Many2one(
        related="company_id.collection_charge_journal_id", readonly=False
    )
    collection_charges_workday = fields.Boolean(
        related="company_id.collection_charges_workday", readonly=False
    )
    collection_phases_workday = fields.Boolean(
        related="company_id.collection_phases_workday", readonly=False
    )
    collection_send_from = fields.Float(related="company_id.collection_send_from", readonly=False)
    collection_send_to = fields.Float(related="company_id.collection_send_to", readonly=False)
    collection_letters_workday = fields.Boolean(
        related="company_id.collection_letters_workday", readonly=False
    )
    collection_attribution_days = fields.Integer(
        related="company_id.collection_attribution_days", readonly=False
    )
    collection_aging_days_1 = fields.Integer(
        related="company_id.collection_aging_days_1", readonly=False
    )
    collection_aging_days_2 = fields.Integer(
        related="company_id.collection_aging_days_2", readonly=False
    )
    collection_aging_days_3 = fields.Integer(
        related="company_id.collection_aging_days_3", readonly=False
    )
    collection_aging_days_4 = fields.Integer(
        related="company_id.collection_aging_days_4", readonly=False
    )
    collection_rank_reply = fields.Integer(
        related="company_id.collection_rank_reply", readonly=False
    )
    collection_rank_broken = fields.Integer(
        related="company_id.collection_rank_broken", readonly=False
    )
    collection_rank_promise = fields.Integer(
        related="company_id.collection_rank_promise", readonly=False
    )
    collection_rank_amount = fields.Integer(
        related="company_id.collection_rank_amount", readonly=False
    )
    collection_rank_age = fields.Integer(related="company_id.collection_rank_age", readonly=False)
    collection_rank_phase = fields.Integer(
        related="company_id.collection_rank_phase", readonly=False
    )
    collection_rank_silence = fields.Integer(
        related="company_id.collection_rank_silence", readonly=False
    )
    collection_rank_trust = fields.Integer(
        related="company_id.collection_rank_trust", readonly=False
    )
    collection_rank_full = fields.Float(related="company_id.collection_rank_full", readonly=False)

    collection_retention_months = fields.Integer(
        related="company_id.collection_retention_months", readonly=False
    )

    # === Compute methods === #

    @api.depends("company_id", "collection_auto_send")
    def _compute_collection_live_note(self):
        """What is not the database any more in which sending was switched on."""
        for settings in self:
            settings.collection_live_note = settings.company_id._explain_collection_copy()

    # === Business methods === #

    @api.model
    def _get_setting_names(self):
        """:return: the names of the fields that are the company's"""
        return {
            name
            for name, field in self._fields.items()
            if field.related == f"company_id.{name}" and name.startswith("collection_")
        }
