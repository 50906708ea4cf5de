import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";

/**
 * Says what was done, with a button that takes it back.
 *
 * @param {{ undo?: { model: string, method: string, ids: number[] } }} action.params
 */
export async function done(env, action) {
    const { message, undo, next, ...options } = action.params;
    const buttons = [];
    let close = () => {};
    if (undo) {
        buttons.push({
            name: _t("Undo"),
            onClick: async () => {
                close();
                const undone = await env.services.orm.call(undo.model, undo.method, [undo.ids]);
                await env.services.action.doAction(undone);
            },
        });
    }
    close = env.services.notification.add(message, { ...options, buttons });
    return next;
}

registry.category("actions").add("crm_collection_done", done);
