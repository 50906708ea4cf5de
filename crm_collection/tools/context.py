"""Keys of a context that come from outside: anybody may say any of them with any call."""

from odoo import SUPERUSER_ID

from odoo.addons.base.models.ir_model import MODULE_UNINSTALL_FLAG

# What keeps a change from being told of.
UNTOLD = ("tracking_disable", "mail_notrack", "mail_create_nolog")


def without_uninstalling(records):
    """:return: the records, deleted as anybody deletes them: that a module is being removed is
    true for the system alone, and everybody else may only say so"""
    if records.env.uid == SUPERUSER_ID or not records.env.context.get(MODULE_UNINSTALL_FLAG):
        return records
    return records.with_context(**{MODULE_UNINSTALL_FLAG: False})


def told(records):
    """:return: the records, the changes of which are told of whatever the caller says"""
    said = [key for key in UNTOLD if records.env.context.get(key)]
    return records.with_context(**dict.fromkeys(said, False)) if said else records


def without_keys(records):
    """:return: the records as they are without what a caller may have put into the context to
    have something else come of it: defaults of fields, archived records, silence"""
    context = {
        key: value
        for key, value in records.env.context.items()
        if not key.startswith("default_") and key not in (*UNTOLD, "active_test")
    }
    # the whole of it: keys are taken out  # pylint: disable=context-overridden
    return without_uninstalling(records.with_context(context))


def without_own_keys(context):
    """:return: the context without the module's own keys that anybody can say: how a letter is
    printed says nothing of how it is mailed"""
    return {key: value for key, value in context.items() if not key.startswith("crm_collection_")}
