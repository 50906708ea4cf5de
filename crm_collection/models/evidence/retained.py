from odoo import api, fields, models
from odoo.exceptions import AccessError

ANONYMISED = "anonymised_on"


class CrmCollectionRetained(models.AbstractModel):
    """Personal data that is kept for a time: afterwards names, addresses, words and files are taken
    out of the record, and what is counted or added up stays.

    :mod:`..retention` does that, by SQL, and nobody else: no call of the ORM says that a record was
    anonymised, as superuser or by a key of the context, nor that it was not.
    """

    _name = "crm.collection.retained"
    _description = "Collection Records Kept for a Time"

    anonymised_on = fields.Date(
        string="Anonymised on",
        readonly=True,
        copy=False,
        help="On this day names, addresses, texts and files were taken out of the record. Amounts, "
        "days, phases and states are as they were.",
    )

    @api.model
    def default_get(self, fields):
        """EXTENDS 'base': a new record is not anonymised, whatever a context says"""
        return super().default_get([fname for fname in fields if fname != ANONYMISED])

    @api.model_create_multi
    def create(self, vals_list):
        """:raise AccessError: it is to be anonymised already"""
        self._check_anonymised({fname for vals in vals_list for fname in vals})
        return super().create(vals_list)

    def write(self, vals):
        """:raise AccessError: it is to be said when it was anonymised"""
        self._check_anonymised(vals)
        return super().write(vals)

    def _check_anonymised(self, fnames):
        if ANONYMISED in fnames:
            raise AccessError(
                self.env._("When records were anonymised is said by the anonymisation alone.")
            )
