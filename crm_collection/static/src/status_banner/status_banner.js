import { Component, onWillStart, useState } from "@odoo/owl";
import { _t } from "@web/core/l10n/translation";
import { user } from "@web/core/user";
import { useService } from "@web/core/utils/hooks";

const GROUP_USER = "crm_collection.group_crm_collection_user";
const SEVERITY = { danger: 2, warning: 1, ok: 0 };

/**
 * Says above the portfolio, in plain words, what keeps the collection process from working.
 * Nothing is shown while everything works, nor to people who only read.
 */
export class CollectionStatusBanner extends Component {
    static template = "crm_collection.StatusBanner";
    static props = {};

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.state = useState({ check: null, others: 0, closed: false });
        onWillStart(() => {
            // not awaited: the portfolio never waits for its banner
            this.load();
        });
    }

    async load() {
        if (!(await user.hasGroup(GROUP_USER))) {
            return;
        }
        let status;
        try {
            status = await this.orm.silent.call("crm.collection.status", "get_status", []);
        } catch {
            return; // the portfolio is of use without its banner
        }
        const problems = (status?.checks || [])
            .filter((check) => SEVERITY[check.level])
            .sort((a, b) => SEVERITY[b.level] - SEVERITY[a.level]);
        this.state.check = problems[0] || null;
        this.state.others = Math.max(problems.length - 1, 0);
    }

    get othersLabel() {
        return this.state.others === 1
            ? _t("1 more point")
            : _t("%s more points", this.state.others);
    }

    openCheck() {
        this.action.doAction(this.state.check.action);
    }

    openStatus() {
        this.action.doAction("crm_collection.crm_collection_status_view_action");
    }

    close() {
        this.state.closed = true;
    }
}
