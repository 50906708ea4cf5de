import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { StatusBarField, statusBarField } from "@web/views/fields/statusbar/statusbar_field";

/** The phases in a row. Choosing one opens phase maintenance instead of writing it. */
export class PhaseStatusBarField extends StatusBarField {
    setup() {
        super.setup();
        this.action = useService("action");
        this.orm = useService("orm");
    }

    async selectItem(item) {
        const { record } = this.props;
        if (!(await record.save())) {
            return;
        }
        const action = await this.orm.call(record.resModel, "action_maintain", [[record.resId]]);
        action.context = { ...action.context, default_phase_id: item.value };
        await this.action.doAction(action, { onClose: () => record.model.load() });
    }
}

registry.category("fields").add("crm_collection_phase_statusbar", {
    ...statusBarField,
    component: PhaseStatusBarField,
    additionalClasses: ["o_field_statusbar"],
    supportedTypes: ["many2one"],
});
