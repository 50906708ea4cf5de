from urllib.parse import urlsplit

from odoo import api, fields, models
from odoo.exceptions import AccessError

ACTIVITY = "crm_collection.mail_activity_type_live"
# An address that is everywhere says nothing about where it is.
ANYWHERE = ("localhost", "127.0.0.1", "::1")


class ResCompany(models.Model):
    """Which database writes to the customers: the one in which somebody switched sending on, and
    no copy of it.

    Copies tell themselves apart by the database's own id (Odoo gives a duplicate another one), its
    name (a copy on the same server has another one) or its address (a backup restored elsewhere).
    """

    _inherit = "res.company"

    collection_live_uuid = fields.Char(
        string="Id of the Database That Sends", readonly=True, copy=False
    )
    collection_live_database = fields.Char(
        string="Name of the Database That Sends", readonly=True, copy=False
    )
    collection_live_host = fields.Char(
        string="Address of the Database That Sends", readonly=True, copy=False
    )
    collection_live_date = fields.Datetime(string="Known to Send since", readonly=True, copy=False)
    collection_live_user_id = fields.Many2one(
        comodel_name="res.users", string="Said to Send by", readonly=True, copy=False
    )

    # === CRUD === #

    @api.model_create_multi
    def create(self, vals_list):
        """EXTENDS 'base': whoever has a company send says that this is the database it is in."""
        companies = super().create(vals_list)
        companies.filtered("collection_auto_send")._set_collection_live()
        return companies

    def write(self, vals):
        """EXTENDS 'base': as :meth:`create`"""
        on = vals.get("collection_auto_send")
        were_off = self.filtered(lambda company: on and not company.collection_auto_send)
        result = super().write(vals)
        were_off._set_collection_live()
        return result

    # === Comparing === #

    @api.model
    def _get_collection_place(self):
        """:return: what tells this database from its copies, by field"""
        get_param = self.env["ir.config_parameter"].sudo().get_param
        address = urlsplit(get_param("web.base.url") or "")
        return {
            "collection_live_uuid": get_param("database.uuid") or False,
            "collection_live_database": self.env.cr.dbname,
            "collection_live_host": address.hostname not in ANYWHERE and address.netloc or False,
        }

    def _get_collection_differences(self):
        """:return: {field: (what it was when sending was switched on, what it is here)} of what
        differs; nothing where nobody has switched it on yet"""
        self.ensure_one()
        return {
            fname: (self[fname], here)
            for fname, here in self._get_collection_place().items()
            if self[fname] and self[fname] != here
        }

    def _is_collection_live(self):
        """Whether this is the database that writes to the company's customers, as far as it is
        known: no query, but of the company's row."""
        return not self._get_collection_differences()

    def _is_collection_sending(self):
        """Whether letters leave by themselves here."""
        return self.collection_auto_send and self._is_collection_live()

    @api.model
    def _get_collection_key(self):
        """:return: this database, as letters name it that a person lets leave from a copy"""
        return " ".join(str(value or "") for value in self._get_collection_place().values())

    # === Saying so === #

    def _set_collection_live(self):
        """This is the database that sends: keep what it is, who said so and when."""
        if not self:
            return
        self.sudo().write(
            {
                **self._get_collection_place(),
                "collection_live_date": fields.Datetime.now(),
                "collection_live_user_id": self.env.uid,
            }
        )
        self.sudo().partner_id.activity_unlink([ACTIVITY])

    def _explain_collection_copy(self):
        """:return: what differs, in words"""
        self.ensure_one()
        differences = self._get_collection_differences()
        if not differences:
            return ""
        parts = [self._explain_collection_difference(*one) for one in differences.items()]
        return self.env._(
            "Sending was switched on for %(company)s in another database: %(differences)s. No "
            "letter leaves from here until a collection manager says that this is the live one.",
            company=self.name,
            differences=", ".join(parts),
        )

    def _explain_collection_difference(self, fname, values):
        then, now = values[0], values[1] or self.env._("not known")
        return {
            "collection_live_uuid": self.env._(
                "its id was %(then)s and is %(now)s", then=then, now=now
            ),
            "collection_live_database": self.env._(
                "its name was %(then)s and is %(now)s", then=then, now=now
            ),
            "collection_live_host": self.env._(
                "its address was %(then)s and is %(now)s", then=then, now=now
            ),
        }[fname]

    def _go_on_collecting(self):
        """A manager says that this is the live database: what waited leaves with the letters job of
        the day, at once where its hour has passed."""
        self.ensure_one()
        self.check_access("read")
        if not self.env.user.has_group("crm_collection.group_crm_collection_manager"):
            raise AccessError(self.env._("Only collection managers say which database is live."))
        self._set_collection_live()
        start = self._get_collection_start("letters", self._get_collection_today())
        if start <= fields.Datetime.now():
            self.env["crm.collection.run"]._ask("letters", self)

    def _ask_collection_live(self):
        """One activity for who answers for collections, until somebody has said."""
        self.ensure_one()
        partner_sudo = self.sudo().partner_id
        if partner_sudo.activity_search([ACTIVITY]):
            return
        user = self.env["crm.collection.letter"].new({"company_id": self.id})._get_responsible()
        if not user:
            return
        translated = self.with_context(lang=user.lang)
        partner_sudo.with_context(mail_activity_quick_update=True).activity_schedule(
            ACTIVITY,
            user_id=user.id,
            summary=translated.env._("Is this the live database?"),
            note=translated._explain_collection_copy(),
            date_deadline=fields.Date.context_today(self.with_context(tz=user.tz or "UTC")),
        )
