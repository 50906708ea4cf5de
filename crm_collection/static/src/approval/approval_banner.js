import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { CollectionDecision } from "./collection_decision";

/**
 * On an invoice or an item: the requests it waits in, with their buttons. They are read when the
 * form says that something waits, so that other forms pay nothing.
 */
export class CollectionApprovalBanner extends Component {
    static template = "crm_collection.ApprovalBanner";
    static components = { CollectionDecision };
    static props = { ...standardWidgetProps };

    setup() {
        this.orm = useService("orm");
        this.state = useState({ requests: [] });
        onWillStart(() => this.load(this.props.record));
        onWillUpdateProps((nextProps) => this.load(nextProps.record));
    }

    async load(record) {
        if (record.resId) {
            this.state.requests = await this.orm.call("crm.collection.approval", "get_facts_of", [
                record.resModel,
                record.resId,
            ]);
        }
    }

    async onDecided() {
        // what is being edited is kept, as the buttons of the form do
        const { record } = this.props;
        await record.save();
        // with the chatter, where the decision was written
        this.env.chatter && (this.env.chatter.fetchThreadData = true);
        await record.load();
    }
}

registry.category("view_widgets").add("crm_collection_approval_banner", {
    component: CollectionApprovalBanner,
});
