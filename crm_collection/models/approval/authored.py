from contextlib import contextmanager

from odoo import SUPERUSER_ID, api, models


class CrmCollectionAuthored(models.AbstractModel):
    """What leads to requests for approval remembers who made and who changed it
    (:class:`.CrmCollectionApprovalChange`).

    A model names this one *before* itself in `_inherit`: noted is what the rest of it made of the
    values. What an approval puts in force (`_write_evidence`) is no change of who approves.
    """

    _name = "crm.collection.authored"
    _description = "Collection Records with Authors"

    # === ORM overrides === #

    @api.model_create_multi
    def create(self, vals_list):
        """Who makes it is its author."""
        records = super().create(vals_list)
        records._note_change("created")
        return records

    def write(self, vals):
        """Who changes it is its author."""
        with self._noting(vals):
            return super().write(vals)

    def unlink(self):
        """Who deletes it is the author of what applies in its place."""
        self._note_change("deleted")
        return super().unlink()

    # === Business methods === #

    @api.model
    def _get_authored_fields(self):
        """:return: the names of the fields whose change leads to something else"""
        return ()

    @api.model
    def _get_selecting_fields(self):
        """:return: those of them that say to whom it applies"""
        return ()

    def _get_authored(self):
        """:return: the records whose authors they are of, by default these themselves"""
        return self

    @contextmanager
    def _noting(self, vals):
        """Note those that are something else afterwards; of translated texts whoever writes one:
        core has written it before it calls."""
        watched = [fname for fname in self._get_authored_fields() if fname in vals]
        if not watched or self.env.uid == SUPERUSER_ID:
            yield
            return
        before = {record: [record[fname] for fname in watched] for record in self.sudo()}
        yield
        for record, values in before.items():
            changed = [
                fname
                for fname, value in zip(watched, values, strict=True)
                if self._fields[fname].translate or record[fname] != value
            ]
            if changed:
                record.sudo(self.env.su)._note_change("changed", changed)

    def _note_change(self, kind, fnames=()):
        selecting = kind != "changed" or not set(fnames).isdisjoint(self._get_selecting_fields())
        self.env["crm.collection.approval.change"]._note(
            self._get_authored(),
            "changed" if self != self._get_authored() else kind,
            [fname for fname in fnames if fname in self._get_authored()._fields],
            is_selection=selecting and bool(self._get_selecting_fields()),
        )
