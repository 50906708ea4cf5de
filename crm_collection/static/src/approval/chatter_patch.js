import { Chatter } from "@mail/chatter/web_portal/chatter";
import "@mail/chatter/web/chatter_patch";
import { patch } from "@web/core/utils/patch";
import { CollectionDecision } from "./collection_decision";

Object.assign(Chatter.components, { CollectionDecision });

patch(Chatter.prototype, {
    async onCollectionDecided() {
        const thread = this.state.thread;
        await this.reloadParentView();
        this.load(thread, [...this.requestList, "messages"]);
    },
});
