import { Component } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

/** Days after the due date as a badge that gets warmer: 12 days, due today, in 3 days. */
export class DaysOverdueField extends Component {
    static template = "crm_collection.DaysOverdueField";
    static props = { ...standardFieldProps };

    get days() {
        return this.props.record.data[this.props.name] || 0;
    }

    get label() {
        if (this.days === 0) {
            return _t("Due today");
        }
        if (this.days === -1) {
            return _t("Tomorrow");
        }
        if (this.days < 0) {
            return _t("In %s days", -this.days);
        }
        return this.days === 1 ? _t("1 day") : _t("%s days", this.days);
    }

    get badgeClass() {
        if (this.days < 0) {
            return "text-bg-200";
        }
        if (this.days === 0) {
            return "o_crm_collection_info";
        }
        if (this.days <= 30) {
            return "text-bg-warning";
        }
        return this.days <= 60 ? "o_crm_collection_late" : "text-bg-danger";
    }
}

export const daysOverdueField = {
    component: DaysOverdueField,
    displayName: _t("Days overdue"),
    additionalClasses: ["o_field_badge"],
    supportedTypes: ["integer"],
    isEmpty: () => false,
};

registry.category("fields").add("crm_collection_days_overdue", daysOverdueField);
