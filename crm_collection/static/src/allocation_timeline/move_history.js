import { Component, onWillStart, onWillUpdateProps, useState } from "@odoo/owl";
import { deserializeDate, toLocaleDateString } from "@web/core/l10n/dates";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardWidgetProps } from "@web/views/widgets/standard_widget_props";
import { AllocationTimeline, parseAllocation, prepareAllocation } from "./allocation_timeline";

const ALLOCATION = "crm.collection.allocation";
const LINE = "crm.collection.letter.line";
const LIMIT = 40;
const NAME = { fields: { display_name: {} } };
const PHASE = { fields: { display_name: {}, color: {} } };
const ALLOCATION_SPECIFICATION = {
    ...Object.fromEntries(
        ["name", "origin", "reason", "date_in", "date_out", "reason_out", "days_in"]
            .concat(["amount_in", "amount_settled", "date_settled", "letter_count"])
            .map((name) => [name, {}])
    ),
    phase_id: PHASE,
    user_id: NAME,
    company_currency_id: NAME,
};
const LINE_SPECIFICATION = {
    name: {},
    date: {},
    state: {},
    round: {},
    amount_residual: {},
    currency_id: NAME,
    letter_id: NAME,
    phase_id: PHASE,
};
const STATE_CLASSES = {
    sent: "o_crm_collection_success",
    to_send: "o_crm_collection_info",
    outgoing: "o_crm_collection_info",
    cancelled: "text-bg-200",
};

/**
 * History and letters of an entry's items. They are not fields of the entry: they are read
 * when somebody looks at them, so that opening an invoice costs nothing more.
 */
export class CollectionMoveHistory extends Component {
    static template = "crm_collection.MoveHistory";
    static components = { AllocationTimeline };
    static props = { ...standardWidgetProps };

    setup() {
        this.action = useService("action");
        this.fieldService = useService("field");
        this.orm = useService("orm");
        this.state = useState({ allocations: [], letters: [] });
        onWillStart(() => this.load(this.props.record.resId));
        onWillUpdateProps((nextProps) => this.load(nextProps.record.resId));
    }

    async load(moveId) {
        if (!moveId) {
            return;
        }
        const domain = [["item_id.move_id", "=", moveId]];
        const options = { limit: LIMIT, order: "id desc" };
        const [allocationFields, lineFields, allocations, lines] = await Promise.all([
            this.fieldService.loadFields(ALLOCATION, { fieldNames: ["origin", "reason_out"] }),
            this.fieldService.loadFields(LINE, { fieldNames: ["state"] }),
            this.orm.webSearchRead(ALLOCATION, domain, {
                specification: ALLOCATION_SPECIFICATION,
                ...options,
            }),
            this.orm.webSearchRead(LINE, domain, { specification: LINE_SPECIFICATION, ...options }),
        ]);
        this.state.allocations = allocations.records.map((allocation) => ({
            id: allocation.id,
            ...prepareAllocation(parseAllocation(allocation), allocationFields),
        }));
        const states = Object.fromEntries(lineFields.state.selection);
        this.state.letters = lines.records.map((line) => this.prepareLetter(line, states));
    }

    prepareLetter(line, states) {
        return {
            id: line.id,
            letterId: line.letter_id.id,
            letter: line.letter_id.display_name,
            name: line.name,
            date: line.date ? toLocaleDateString(deserializeDate(line.date)) : "",
            round: line.round || "",
            amount: formatMonetary(line.amount_residual, { currencyId: line.currency_id?.id }),
            state: states[line.state],
            stateClass: STATE_CLASSES[line.state] || "text-bg-danger",
        };
    }

    openLetter(letterId) {
        this.action.doAction({
            type: "ir.actions.act_window",
            res_model: "crm.collection.letter",
            res_id: letterId,
            views: [[false, "form"]],
        });
    }
}

registry.category("view_widgets").add("crm_collection_move_history", {
    component: CollectionMoveHistory,
});
