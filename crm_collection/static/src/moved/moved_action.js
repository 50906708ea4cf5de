import { registry } from "@web/core/registry";
import { done } from "./done_action";

/**
 * Says what phase maintenance did, with a button that takes it back while no letter has left.
 */
function moved(env, action) {
    const { item_ids: ids, ...params } = action.params;
    const undo = ids?.length && { model: "crm.collection.item", method: "action_undo_move", ids };
    return done(env, { params: { ...params, undo } });
}

registry.category("actions").add("crm_collection_moved", moved);
