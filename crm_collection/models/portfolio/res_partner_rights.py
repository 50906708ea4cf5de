from odoo import api, models, tools
from odoo.exceptions import AccessError

MANAGER = "crm_collection.group_crm_collection_manager"
RIGHT = "crm_collection.access_res_partner_crm_collection_user"


class ResPartner(models.Model):
    """What users of collections write on customers: how they are reached, who collects, notes.

    What accounting keeps there (accounts, payment terms, credit limits) stays accounting's, whose
    reader the role is, and which sending rule a customer has is the manager's to say.
    """

    _inherit = "res.partner"

    @api.model_create_multi
    def create(self, vals_list):
        """EXTENDS 'base': as :meth:`write`"""
        if not self.env.su:
            restricted = self._get_collection_restricted()
            given = {name for vals in vals_list for name in restricted & vals.keys() if vals[name]}
            given |= restricted & {key.removeprefix("default_") for key in self.env.context}
            self._check_collection_names(given)
        return super().create(vals_list)

    def write(self, vals):
        """EXTENDS 'base': refuse what the role does not write"""
        if not self.env.su:
            self._check_collection_names(self._get_collection_changes(vals))
            self._check_collection_company()
        return super().write(vals)

    def _get_collection_changes(self, vals):
        """:return: the names of ``vals`` that change something; what a contact takes over from
        its customer changes nothing"""
        names = self._get_collection_restricted() & vals.keys()
        customers = self.commercial_partner_id if names else self
        return {
            name
            for name in names
            if any(
                customer._fields[name].convert_to_write(customer[name], customer) != vals[name]
                for customer in customers
            )
        }

    @api.model
    @tools.ormcache()
    def _get_collection_restricted(self):
        """:return: the names of the fields that not every user of collections writes; each
        contact that anybody makes asks, so it is a set that is made once"""
        return frozenset(filter(self._is_collection_restricted, self._fields))

    @api.model
    def _is_collection_restricted(self, name):
        """Whether not every user of collections writes the field"""
        if name.startswith("collection_"):
            return name == "collection_rule_id"
        field = self._fields.get(name)
        in_accounting = field is not None and "account.group_" in (field.groups or "")
        return in_accounting or name.startswith("property_")

    @api.model
    def _check_collection_names(self, names):
        """:raise AccessError: the user may not write one of the fields on customers"""
        if self.env.su or not names:
            return
        if "collection_rule_id" in names and not self.env.user.has_group(MANAGER):
            raise AccessError(
                self.env._("Which sending rule a customer has is for collection managers to say.")
            )
        refused = names - {"collection_rule_id"}
        if refused and self._is_collection_only():
            labels = self.fields_get(sorted(refused), ["string"])
            raise AccessError(
                self.env._(
                    "These fields of a customer are accounting's: %s.",
                    ", ".join(label["string"] for label in labels.values()),
                )
            )

    def _check_collection_company(self):
        """:raise AccessError: it is the contact of a company of one's own, and no customer's"""
        Company_sudo = self.env["res.company"].sudo()
        own = Company_sudo.search_count([("partner_id", "in", self.ids)], limit=1)
        if own and self._is_collection_only():
            raise AccessError(self.env._("The contact of the company itself is no customer's."))

    @api.model
    def _is_collection_only(self):
        """Whether the user's right to write contacts comes from the role in collections alone."""
        domain = [
            ("model_id.model", "=", self._name),
            ("perm_write", "=", True),
            ("group_id", "in", [False, *self.env.user.all_group_ids.ids]),
        ]
        return self.env["ir.model.access"].sudo().search(domain) == self.env.ref(RIGHT)
