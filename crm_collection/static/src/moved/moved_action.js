import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/**
 * Says what phase maintenance did, with a button that takes it back while no letter has left.
 */
async function moved(env, action) {
    const { type, title, message, sticky, item_ids: itemIds, next } = action.params;
    const buttons = [];
    let close = () => {};
    if (itemIds?.length) {
        buttons.push({
            name: _t("Undo"),
            onClick: async () => {
                close();
                const undone = await env.services.orm.call(
                    "crm.collection.item",
                    "action_undo_move",
                    [itemIds]
                );
                await env.services.action.doAction(undone);
            },
        });
    }
    close = env.services.notification.add(message, { type, title, sticky, buttons });
    return next;
}

registry.category("actions").add("crm_collection_moved", moved);
