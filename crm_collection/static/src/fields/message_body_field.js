import { Component, markup } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** The body of a message as it left (sanitized by the server), read with the record. */
export class MessageBodyField extends Component {
    static template = "crm_collection.MessageBodyField";
    static props = { ...standardFieldProps };

    get message() {
        return this.props.record.data[this.props.name];
    }

    get body() {
        return markup(String(this.message.body || ""));
    }
}

export const messageBodyField = {
    component: MessageBodyField,
    displayName: _t("Message body"),
    additionalClasses: ["w-100"],
    supportedTypes: ["many2one"],
    relatedFields: [
        { name: "subject", type: "char", readonly: true },
        { name: "body", type: "html", readonly: true },
    ],
};

registry.category("fields").add("crm_collection_message_body", messageBodyField);
