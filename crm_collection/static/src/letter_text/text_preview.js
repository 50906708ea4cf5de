import { Component } from "@odoo/owl";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";

/** Shows what is typed to a customer, without saving it: a text in use would be in force at once. */
export class TextPreviewWidget extends Component {
    static template = "crm_collection.TextPreviewWidget";
    static props = { ...standardWidgetProps };

    setup() {
        this.action = useService("action");
    }

    async onClick() {
        const { record } = this.props;
        const typed = await record.isDirty(); // asks the editor what is in it now
        const context = { default_template_id: record.resId };
        if (typed || !record.resId) {
            Object.assign(context, { default_is_typed: true, ...this.getTyped(record.data) });
        }
        await this.action.doAction("crm_collection.crm_collection_text_preview_action", {
            additionalContext: context,
        });
    }

    /** What is typed, for the preview: modules with a channel add theirs. */
    getTyped(data) {
        return {
            default_typed_subject: data.subject || "",
            default_typed_body: String(data.body_html || ""),
        };
    }
}

registry.category("view_widgets").add("crm_collection_text_preview", {
    component: TextPreviewWidget,
});
