import { reactive, useState } from "@odoo/owl";
import { rpcBus } from "@web/core/network/rpc";
import { registry } from "@web/core/registry";
import { debounce } from "@web/core/utils/timing";
import { useService } from "@web/core/utils/hooks";
import { patch } from "@web/core/utils/patch";
import { NavBar } from "@web/webclient/navbar/navbar";

const DELAY = 500; // milliseconds
const INTERVAL = 60000; // milliseconds between counts while nothing is decided here
// After these the number is another one.
const METHODS = new Set([
    ...["action_approve", "action_refuse", "action_decide", "action_ask_approve"],
    ...["action_request_approval", "action_withdraw_approval", "action_collection_decide"],
    "action_apply",
]);

/** How many requests wait for the user, for the menus. */
const approvalsService = {
    dependencies: ["orm"],
    start(env, { orm }) {
        const state = reactive({ count: 0 });
        let countedAt = 0;
        const load = debounce(async () => {
            countedAt = Date.now();
            try {
                state.count = await orm.silent.call(
                    "crm.collection.approval",
                    "get_to_decide_count",
                    []
                );
            } catch {
                state.count = 0; // the menus work without it
            }
        }, DELAY);
        rpcBus.addEventListener("RPC:RESPONSE", ({ detail }) => {
            const params = detail.data?.params;
            if (METHODS.has(params?.method)) {
                load();
            }
        });
        env.bus.addEventListener("ACTION_MANAGER:UI-UPDATED", () => {
            if (Date.now() - countedAt > INTERVAL) {
                load();
            }
        });
        return { state, load };
    },
};

registry.category("services").add("crm_collection.approvals", approvalsService);

patch(NavBar.prototype, {
    setup() {
        super.setup(...arguments);
        this.collectionApprovals = useState(useService("crm_collection.approvals").state);
    },
    /** The number beside a menu, 0 for none. */
    getCollectionCount(menu) {
        const names = [
            "crm_collection.crm_collection_menu",
            "crm_collection.crm_collection_menu_approve",
        ];
        return names.includes(menu.xmlid) ? this.collectionApprovals.count : 0;
    },
});
