from odoo import api, models

from ...tools.context import told, without_uninstalling


class CrmCollectionGuarded(models.AbstractModel):
    """What is protected is so whatever a caller says in the context.

    Core reads some of its keys as if only the system could set them: that a module is being
    removed, and nothing keeps a record from being deleted; that a change is not told of. Fields
    that nobody writes by hand have the model's own default, and not the one a key or a user's
    own settings say.
    """

    _name = "crm.collection.guarded"
    _description = "Collection Records Guarded from the Context"

    @api.model
    def default_get(self, fields):
        """EXTENDS 'base': see the class."""
        own = [fname for fname in fields if self._is_default_own(fname)]
        defaults = super().default_get([fname for fname in fields if fname not in own])
        for fname in own:
            field = self._fields[fname]
            if field.default:
                value = field.convert_to_cache(field.default(self), self, validate=False)
                defaults[fname] = field.convert_to_write(value, self)
        return defaults

    @api.model_create_multi
    def create(self, vals_list):
        """What is made is told of."""
        return super(CrmCollectionGuarded, told(self)).create(vals_list).with_env(self.env)

    def write(self, vals):
        """What changes is told of."""
        return super(CrmCollectionGuarded, told(self)).write(vals)

    def unlink(self):
        """What must not be deleted is not."""
        return super(CrmCollectionGuarded, without_uninstalling(told(self))).unlink()

    def _compute_field_value(self, field):
        # EXTENDS 'base': the chatter tells of what is computed, too
        return super(CrmCollectionGuarded, told(self))._compute_field_value(field)

    @api.model
    def _is_default_own(self, fname):
        """Whether the field has no default but the model's own; override to name such fields"""
        return False
