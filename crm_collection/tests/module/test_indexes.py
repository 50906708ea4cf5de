from odoo.tests import TransactionCase, tagged

MODULE = "crm_collection"
BTREE = (True, "1", "btree", "btree_not_null")


@tagged("post_install", "-at_install")
class TestIndexes(TransactionCase):
    """Core's own rule (``test_lint``), which is not installed where the module is tested."""

    def test_inverses_of_one2many_have_an_index(self):
        """Whoever opens a record reads its lines by them."""
        missing = []
        for name in self.registry:
            for field in self.env[name]._fields.values():
                if field.type != "one2many" or MODULE not in field._modules:
                    continue
                comodel = self.env[field.comodel_name]
                inverse = field.inverse_name and comodel._fields[field.inverse_name].base_field
                is_table = comodel._auto and not comodel._abstract and not comodel._transient
                if inverse and is_table and inverse.store and inverse.index not in BTREE:
                    missing.append(f"{inverse} (inverse of {field})")
        self.assertFalse(missing)
