import { Component, onWillStart, useRef, useState } from "@odoo/owl";
import { router } from "@web/core/browser/router";
import { deserializeDateTime, formatDateTime } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { badgeClass, logAction, money, phoneUrl } from "./desk_tools";

const DESK = "crm.collection.desk";
const ITEM = "crm.collection.item";
const ICONS = {
    letter: "fa-envelope-o",
    contact: "fa-phone",
    hold: "fa-handshake-o",
    payment: "fa-money",
    move: "fa-arrow-right",
    approval: "fa-check-square-o",
    task: "fa-check",
    thanks: "fa-heart-o",
    note: "fa-sticky-note-o",
};
// From "not due yet" to the oldest, as on the cockpit.
const AGING_COLORS = ["#8fa3b8", "#f2c14e", "#f39b4b", "#e8703f", "#d64545", "#9b2c3d"];

/** One page for a customer: what he owes, how he pays, what happened, and what can be done. */
export class CollectionCustomer extends Component {
    static template = "crm_collection.Customer";
    static components = { Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        Object.assign(this, { badgeClass, money, phoneUrl });
        const { partner_id, company_id } = this.props.action.params || {};
        this.key = this.props.state?.key || {
            partner_id: partner_id || Number(router.current.partner_id),
            company_id: company_id || Number(router.current.company_id),
        };
        this.state = useState({
            data: null,
            checked: {},
            entries: [],
            next: false,
            kind: this.props.state?.kind || false,
        });
        this.rootRef = useRef("root");
        useSetupAction({
            rootRef: this.rootRef,
            getLocalState: () => ({ key: this.key, kind: this.state.kind }),
        });
        onWillStart(() => this.load());
    }

    get args() {
        return [this.key.partner_id, this.key.company_id];
    }

    async load() {
        const [data] = await Promise.all([
            this.orm.call(DESK, "get_customer", this.args),
            this.loadTimeline(),
        ]);
        this.state.data = data;
        const known = data.groups.flatMap((group) => group.items.map((item) => item.id));
        for (const id of Object.keys(this.state.checked)) {
            if (!known.includes(Number(id))) {
                delete this.state.checked[id];
            }
        }
        this.env.config.setDisplayName(data.name);
        this.props.updateActionState?.({ ...this.key });
    }

    // === Open items ===

    toggle(item) {
        this.state.checked[item.id] = !this.state.checked[item.id];
    }

    toggleGroup(group) {
        const ids = group.items.map((item) => item.id).filter(Boolean);
        const all = ids.every((id) => this.state.checked[id]);
        for (const id of ids) {
            this.state.checked[id] = !all;
        }
    }

    get checkedIds() {
        return Object.keys(this.state.checked)
            .filter((id) => this.state.checked[id])
            .map(Number);
    }

    /** The checked items; without any all that are in collection. */
    get itemIds() {
        const items = this.state.data.groups.flatMap((group) => group.items);
        const ids = this.checkedIds;
        return ids.length ? ids : items.map((item) => item.id).filter(Boolean);
    }

    get about() {
        const count = this.checkedIds.length;
        return count ? _t("About %s chosen items", count) : _t("About all open items");
    }

    days(item) {
        if (item.days > 0) {
            return _t("%s days late", item.days);
        }
        return item.days < 0 ? _t("due in %s days", -item.days) : _t("due today");
    }

    getStatus(item) {
        const names = {
            review: _t("Disputed"),
            refund: _t("Money sent to the customer"),
            processing: _t("Payment on its way"),
        };
        return names[item.status] || item.held || "";
    }

    buckets(group) {
        const total = group.buckets.reduce((sum, bucket) => sum + Math.max(bucket.amount, 0), 0);
        return group.buckets
            .map((bucket, index) => ({
                ...bucket,
                color: AGING_COLORS[Math.min(index, AGING_COLORS.length - 1)],
                width: total ? (100 * Math.max(bucket.amount, 0)) / total : 0,
                label: `${bucket.name}: ${money(bucket.amount, group.currency_id)}`,
            }))
            .filter((bucket) => bucket.width > 0);
    }

    // === How he pays ===

    get late() {
        const { days_late, days_before } = this.state.data.behaviour;
        if (days_late === null) {
            return { text: _t("Nothing was paid in the last 12 months"), icon: false };
        }
        const text = _t("%s days late on average", days_late);
        if (days_before === null || days_before === days_late) {
            return { text, icon: false };
        }
        const isWorse = days_late > days_before;
        return {
            text,
            icon: isWorse ? "fa-arrow-up text-danger" : "fa-arrow-down text-success",
            before: _t("%s days in the 12 months before", days_before),
        };
    }

    get promises() {
        const { kept, broken } = this.state.data.behaviour;
        return kept + broken
            ? _t("%(kept)s of %(all)s promises kept", { kept, all: kept + broken })
            : _t("No promise yet");
    }

    // === The line of time ===

    get kinds() {
        return [
            { id: false, name: _t("All") },
            { id: "contact", name: _t("Contacts") },
            { id: "letter", name: _t("Letters") },
            { id: "payment", name: _t("Payments") },
            { id: "hold", name: _t("Promises and Holds") },
            { id: "move", name: _t("Phases") },
            { id: "approval", name: _t("Approvals") },
            { id: "task", name: _t("Tasks") },
            { id: "note", name: _t("Notes") },
        ];
    }

    async loadTimeline(before = false) {
        const { kind } = this.state;
        const kinds = kind ? (kind === "letter" ? ["letter", "thanks"] : [kind]) : false;
        const page = await this.orm.call(DESK, "get_timeline", [...this.args, kinds, before]);
        this.state.entries = before ? [...this.state.entries, ...page.entries] : page.entries;
        this.state.next = page.next;
    }

    setKind(kind) {
        this.state.kind = kind;
        return this.loadTimeline();
    }

    icon(entry) {
        return entry.direction === "in" ? "fa-reply" : ICONS[entry.kind];
    }

    moment(entry) {
        return formatDateTime(deserializeDateTime(entry.moment), { showSeconds: false });
    }

    openEntry(entry) {
        return this.openForm(entry.model, entry.id);
    }

    // === What can be done ===

    openForm(model, id) {
        return this.action.doAction({
            type: "ir.actions.act_window",
            res_model: model,
            res_id: id,
            views: [[false, "form"]],
        });
    }

    openPartner() {
        return this.openForm("res.partner", this.key.partner_id);
    }

    reload = () => this.load();

    log(values = {}) {
        return this.action.doAction(logAction(this.key, this.checkedIds, values), {
            onClose: this.reload,
        });
    }

    async hold(kind) {
        const names = { promise: _t("Promise"), dispute: _t("Dispute"), block: _t("Hold") };
        const action = await this.action.loadAction(
            "crm_collection.crm_collection_item_hold_action"
        );
        return this.action.doAction(
            { ...action, name: names[kind] },
            {
                additionalContext: {
                    active_model: ITEM,
                    active_ids: this.itemIds,
                    active_id: this.itemIds[0],
                    default_kind: kind,
                },
                onClose: this.reload,
            }
        );
    }

    /** The customer is handed over; items that were checked go along whoever works them. */
    handOver() {
        const checked = this.checkedIds;
        let [model, ids] = ["res.partner", [this.key.partner_id]];
        if (checked.length) {
            [model, ids] = [ITEM, checked];
        } else if (this.itemIds.length) {
            [model, ids] = ["crm.collection.customer", [this.state.data.line_id]];
        }
        return this.action.doAction("crm_collection.crm_collection_hand_over_action", {
            additionalContext: { active_model: model, active_ids: ids, active_id: ids[0] },
            onClose: this.reload,
        });
    }

    /** It lists everything; what was checked is named and marked. */
    async sendStatement() {
        const action = await this.orm.call(
            "res.partner",
            "action_send_collection_statement",
            [[this.key.partner_id]],
            { context: { crm_collection_items: this.checkedIds } }
        );
        return this.action.doAction(action, { onClose: this.reload });
    }

    async callItems(method) {
        const action = await this.orm.call(ITEM, method, [this.itemIds]);
        return this.action.doAction(action, { onClose: this.reload });
    }
}

registry.category("actions").add("crm_collection.customer", CollectionCustomer);
