import { Component, onMounted, onWillUnmount } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

const INTERVAL = 5000; // milliseconds

/** Reads the record again, by button and every few seconds while it is shown. */
export class ReloadWidget extends Component {
    static template = "crm_collection.ReloadWidget";
    static props = { ...standardWidgetProps };

    setup() {
        onMounted(() => {
            this.timer = setInterval(() => this.reload(), INTERVAL);
        });
        onWillUnmount(() => clearInterval(this.timer));
    }

    reload() {
        return this.props.record.load();
    }
}

registry.category("view_widgets").add("crm_collection_reload", { component: ReloadWidget });
