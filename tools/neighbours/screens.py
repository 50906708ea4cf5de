"""Whether every screen of collections opens, with what its neighbours add to it."""

from odoo.fields import Command
from odoo.tools.safe_eval import safe_eval

GROUPS = ("base.group_user", "crm_collection.group_crm_collection_manager")


def open_screens(env):
    """Open the views of each window action as a manager, and read what its list shows.

    :return: how many there are, and what went wrong, a line each
    """
    companies = env["res.company"].search([("name", "like", "Neighbour")])
    user = (
        env["res.users"]
        .with_context(no_reset_password=True)
        .create(
            {
                "name": "Manager",
                "login": "neighbours_manager",
                "company_id": companies[0].id,
                "company_ids": [Command.set(companies.ids)],
                "group_ids": [Command.link(env.ref(xmlid).id) for xmlid in GROUPS],
            }
        )
    )
    as_manager = env(user=user.id, context={"allowed_company_ids": companies.ids})
    names = env["ir.model.data"].search(
        [("module", "=", "crm_collection"), ("model", "=", "ir.actions.act_window")]
    )
    count, wrong = 0, []
    for name in names:
        action = env["ir.actions.act_window"].browse(name.res_id)
        if not env[action.res_model].with_user(user).has_access("read"):
            continue  # another role's
        try:
            with env.cr.savepoint():
                open_screen(as_manager, action)
            count += 1
        except Exception as error:  # whatever it is, the screen does not open
            wrong.append(f"{name.name}: {error}")
    env.cr.rollback()
    return count, wrong


def open_screen(env, action):
    views = [(view_id, mode) for view_id, mode in action.views if mode != "qweb"]
    shown = env[action.res_model].get_views(views, {"toolbar": True})
    model = env[action.res_model]
    if model._transient or "list" not in shown["views"]:
        return
    domain = safe_eval(action.domain or "[]", {"uid": env.uid, "active_id": 0, "active_ids": []})
    fields = [name for name in shown["models"][action.res_model]["fields"] if name in model._fields]
    model.search(domain, limit=5).read(fields)
