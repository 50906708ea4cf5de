import { Component, useEffect, useRef, useState } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { _t } from "@web/core/l10n/translation";

const MODEL = "crm.collection.approval";
// where somebody goes on who has decided, the nearest first
const NEXT = [
    ".o_crm_collection_approve",
    ".o_crm_collection_open",
    ".o-mail-Chatter-topbar button",
    ".o_statusbar_buttons button",
    "button:not(:disabled)",
];
const METHODS = { approved: "action_approve", refused: "action_refuse" };

/**
 * What had the focus goes with the request that was decided: the keyboard goes on nearby, not at the
 * top of the page.
 *
 * @param {Element} root the buttons
 * @param {Element} around where to go on
 */
function keepFocus(root, around, frames = 180) {
    browser.requestAnimationFrame(() => {
        if (document.activeElement === document.body && (!root.isConnected || !frames)) {
            // a page that was read anew is another one
            const place = around?.isConnected
                ? around
                : document.querySelector(".o_action_manager");
            const found = NEXT.map((selector) => place.querySelector(selector));
            found.find((el) => el?.checkVisibility())?.focus();
        }
        if (frames) {
            keepFocus(root, around, frames - 1);
        }
    });
}

/**
 * The buttons of a request, wherever it is met: in a chatter, in the popover of activities, on an
 * invoice. They ask for the reason in place. Who cannot decide reads why.
 *
 * The server checks everything again; what it answers is shown as it is.
 */
export class CollectionDecision extends Component {
    static template = "crm_collection.CollectionDecision";
    static props = {
        facts: Object, // as of crm.collection.approval._get_facts()
        onDecided: Function,
        showOpen: { type: Boolean, optional: true },
    };

    setup() {
        this.rootRef = useRef("root");
        this.reasonRef = useRef("reason");
        this.refuseRef = useRef("refuse");
        this.isBack = false;
        this.state = useState({ decision: null, reason: "", isBusy: false });
        useEffect(
            (el) => el?.focus(),
            () => [this.reasonRef.el]
        );
        // and back to the buttons
        useEffect(
            (decision) => {
                if (!decision && this.isBack) {
                    this.isBack = false;
                    this.refuseRef.el?.focus();
                }
            },
            () => [this.state.decision]
        );
    }

    get summary() {
        const { kind, amount, item_count, days_oldest, user } = this.props.facts;
        const parts = [];
        if (kind === "allocation") {
            parts.push(amount);
            parts.push(item_count === 1 ? _t("1 open item") : _t("%s open items", item_count));
            if (days_oldest === 1) {
                parts.push(_t("oldest 1 day overdue"));
            } else if (days_oldest > 1) {
                parts.push(_t("oldest %s days overdue", days_oldest));
            }
        }
        parts.push(user ? _t("asked by %s", user) : _t("asked by the job"));
        return parts.join(", ");
    }

    get placeholder() {
        return this.state.decision === "refused"
            ? _t("Why do you refuse?")
            : _t("Why do you approve?");
    }

    get isReady() {
        return Boolean(this.state.reason.trim()) && !this.state.isBusy;
    }

    approve() {
        if (this.props.facts.reason_required) {
            this.state.decision = "approved";
            return;
        }
        return this.decide("approved");
    }

    refuse() {
        this.state.decision = "refused";
    }

    confirm() {
        return this.decide(this.state.decision);
    }

    cancel() {
        this.isBack = true;
        this.state.decision = null;
    }

    onKeydown(ev) {
        if (ev.key === "Escape") {
            ev.stopPropagation();
            this.cancel();
        }
    }

    async decide(decision) {
        const { onDecided, facts } = this.props;
        // the services of the environment: this may be gone before the answer comes
        const { action, orm } = this.env.services;
        const root = this.rootRef.el;
        const around = root.closest(".o_form_view, .o_popover, .o_action_manager");
        this.state.isBusy = true;
        try {
            const result = await orm.call(
                MODEL,
                METHODS[decision],
                [[facts.id], this.state.reason.trim() || false],
                {
                    context: {
                        crm_collection_seen: facts.seen,
                        crm_collection_seen_change: facts.seen_change,
                    },
                }
            );
            await action.doAction(result);
        } finally {
            this.state.isBusy = false;
            keepFocus(root, around);
            // also when somebody else was faster: what is shown then is out of date
            await onDecided();
        }
    }

    open() {
        this.env.services.action.doAction({
            type: "ir.actions.act_window",
            res_model: MODEL,
            res_id: this.props.facts.id,
            views: [[false, "form"]],
        });
    }
}
