import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** A phase in its own colour, read together with the record: no call of its own. */
export class PhaseBadgeField extends Component {
    static template = "crm_collection.PhaseBadgeField";
    static props = { ...standardFieldProps };

    get phase() {
        return this.props.record.data[this.props.name];
    }

    get badgeClass() {
        return this.phase.color ? `o_badge_color_${this.phase.color}` : "text-bg-200";
    }
}

export const phaseBadgeField = {
    component: PhaseBadgeField,
    displayName: _t("Collection phase"),
    additionalClasses: ["o_field_badge"],
    supportedTypes: ["many2one"],
    relatedFields: [{ name: "color", type: "integer", readonly: true }],
};

registry.category("fields").add("crm_collection_phase_badge", phaseBadgeField);
