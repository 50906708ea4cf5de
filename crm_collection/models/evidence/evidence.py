from odoo import api, models, tools
from odoo.exceptions import AccessError

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

from ...tools.context import without_uninstalling

LETTER_MODEL = "crm.collection.letter"
APPROVAL_MODEL = "crm.collection.approval"
# Every field of a model, also those that other modules add to it.
EVERYTHING = object()
# What says in the context that the engine is writing a letter. An object of its own: no caller
# from outside can pass it.
WRITING = object()


class CrmCollectionEvidence(models.AbstractModel):
    """What happened stays as it is on record: who inherits this says what nobody rewrites.

    ======================= ===================================================================
    Attribute               Says
    ======================= ===================================================================
    ``_evidence_refusals``  which of *create*, *write* and *unlink* are refused, and in which
                            words (lazily translated; ``%(fields)s`` are the fields in question)
    ``_evidence_fields``    what they are refused for: ``EVERYTHING``, or names of fields
    ``_evidence_system``    whether code that runs as superuser may all the same
    ``_evidence_error``     the exception that refuses
    ``_evidence_chatter``   whether what the system wrote in the chatter is evidence, too
    ======================= ===================================================================

    What is not named is up to the access rights. The engine writes history by SQL; what a
    model's own methods write goes through :meth:`_write_evidence`. The mixin comes first in
    ``_inherit``: it refuses before the chatter does anything.
    """

    _name = "crm.collection.evidence"
    _inherit = ["crm.collection.guarded"]
    _description = "Collection Evidence"

    _evidence_refusals = {}
    _evidence_fields = EVERYTHING
    _evidence_system = False
    _evidence_error = AccessError
    _evidence_chatter = False

    # === ORM overrides === #

    @api.model_create_multi
    def create(self, vals_list):
        """Refused where the model says so: ``_evidence_error``."""
        self._check_evidence("create", {fname for vals in vals_list for fname in vals})
        return super().create(vals_list)

    def write(self, vals):
        """Refused where the model says so: ``_evidence_error``."""
        self._check_evidence("write", vals.keys())
        return super().write(vals)

    def unlink(self):
        """Refused where the model says so, but while the module is uninstalled.

        Here and not in an ``ondelete`` method: the chatter's ``unlink`` takes the messages first,
        and deleting one that the same transaction wrote may end in an error of the database that
        says nothing to the user.
        """
        self.check_access("unlink")
        if self and not without_uninstalling(self).env.context.get(MODULE_UNINSTALL_FLAG):
            self._check_evidence("unlink")
        return super().unlink()

    # === What is on record === #

    def _check_evidence(self, operation, fnames=()):
        """:raise Exception: ``_evidence_error`` where the operation is refused"""
        if operation not in self._evidence_refusals or (self._evidence_system and self.env.su):
            return
        touched = []
        if self._evidence_fields is not EVERYTHING and operation != "unlink":
            touched = [fname for fname in self._evidence_fields if fname in fnames]
            if not touched:
                return
        text = self.env._(self._evidence_refusals[operation])
        raise self._evidence_error(text % {"fields": ", ".join(touched)})

    @api.model
    def _is_default_own(self, fname):
        if "create" not in self._evidence_refusals and "write" not in self._evidence_refusals:
            return super()._is_default_own(fname)
        return self._evidence_fields is EVERYTHING or fname in self._evidence_fields

    def _write_evidence(self, vals):
        """The one door for the model's own methods to what :meth:`write` refuses."""
        return super().write(vals)

    @api.model
    @tools.ormcache()
    def _get_evidence_chatters(self):
        """:return: the names of the models in whose chatters what the system wrote is evidence:
        what was sent, who agreed, who changed what. Comments of people stay theirs. Every message
        asks, so it is a set that is made once."""
        names = self.pool.descendants(["crm.collection.evidence"], "_inherit")
        return frozenset(name for name in names if self.pool[name]._evidence_chatter)
