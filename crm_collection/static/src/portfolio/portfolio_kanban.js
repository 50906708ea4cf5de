import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";
import { KanbanRenderer } from "@web/views/kanban/kanban_renderer";
import { kanbanView } from "@web/views/kanban/kanban_view";
import { onMounted, onWillStart } from "@odoo/owl";
import { CollectionStatusBanner } from "../status_banner/status_banner";

const GROUP_USER = "crm_collection.group_crm_collection_user";
const MOVABLE_FIELDS = ["phase_id", "user_id"];

/**
 * Dropping a card on another phase is phase maintenance: it opens the wizard, which asks for a
 * reason and says what will happen. Until that is confirmed the card stays where it was.
 */
export class PortfolioKanbanRenderer extends KanbanRenderer {
    static template = "crm_collection.PortfolioKanbanRenderer";
    static components = { ...KanbanRenderer.components, CollectionStatusBanner };

    setup() {
        super.setup();
        this.action = useService("action");
        this.notification = useService("notification");
        this.orm = useService("orm");
        onWillStart(async () => {
            this.isCollector = await user.hasGroup(GROUP_USER);
        });
        onMounted(() => {
            if (this.env.isSmall) {
                this.showFirstFilled();
            }
        });
    }

    /** On a phone one column is seen at a time: begin with one that has something in it. */
    showFirstFilled() {
        const group = this.props.list.isGrouped && this.props.list.groups.find((one) => one.count);
        const column =
            group && this.rootRef.el?.querySelector(`.o_kanban_group[data-id="${group.id}"]`);
        column?.scrollIntoView({ inline: "start", block: "nearest" });
    }

    get canMoveRecords() {
        const groupByField = this.props.list.groupByField;
        return Boolean(
            this.isCollector &&
            this.canResequenceRecords &&
            MOVABLE_FIELDS.includes(groupByField?.name)
        );
    }

    async sortRecordDrop(dataRecordId, dataGroupId, params) {
        const { list } = this.props;
        if (list.groupByField?.name !== "phase_id") {
            return super.sortRecordDrop(...arguments);
        }
        params.parent?.classList.remove("o_kanban_hover");
        const targetId = params.parent?.dataset.id;
        const record = list.records.find((r) => r.id === dataRecordId);
        const target = list.groups.find((group) => group.id === targetId);
        if (!record || !target || targetId === dataGroupId) {
            return;
        }
        if (!target.value) {
            this.notification.add(
                _t("An item cannot be moved out of its phases. Hold it, or let it be settled."),
                { type: "warning" }
            );
            return;
        }
        await this.openMaintenance(record.resId, target.value);
    }

    async openMaintenance(itemId, phaseId) {
        const action = await this.orm.call("crm.collection.item", "action_maintain", [[itemId]]);
        action.context = { ...action.context, default_phase_id: phaseId };
        await this.action.doAction(action, { onClose: () => this.props.list.model.load() });
    }
}

registry.category("views").add("crm_collection_portfolio_kanban", {
    ...kanbanView,
    Renderer: PortfolioKanbanRenderer,
});
