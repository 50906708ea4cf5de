import { Component, onWillStart, useEffect, useRef, useState } from "@odoo/owl";
import { router } from "@web/core/browser/router";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { useHotkey } from "@web/core/hotkeys/hotkey_hook";
import { serializeDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useDebounced } from "@web/core/utils/timing";
import { formatFloat } from "@web/views/fields/formatters";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { CollectionStatusBanner } from "../status_banner/status_banner";
import { badgeClass, customerAction, logAction, money, phoneUrl } from "./desk_tools";

const DESK = "crm.collection.desk";
const FILTERS = ["scope", "bucket", "search", "company_id", "offset"];
const NUMBERS = ["company_id", "offset"];

/**
 * My Work: whom to call first. One call fills the page; filters live in the address, so that a
 * reload and the way back from a customer show the same list.
 */
export class CollectionDesk extends Component {
    static template = "crm_collection.Desk";
    static components = { CollectionStatusBanner, Dropdown, DropdownItem, Layout };
    static props = { ...standardActionServiceProps };

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.notification = useService("notification");
        this.keepLast = new KeepLast();
        this.badgeClass = badgeClass;
        this.money = money;
        this.phoneUrl = phoneUrl;
        const saved = this.props.state || {};
        this.filters = saved.filters || this.readAddress();
        this.state = useState({ data: null, isLoading: false, selected: saved.selected || 0 });
        this.rootRef = useRef("root");
        this.searchRef = useRef("search");
        useSetupAction({
            rootRef: this.rootRef,
            getLocalState: () => ({ filters: this.filters, selected: this.state.selected }),
        });
        this.search = useDebounced((text) => this.setFilters({ search: text }), 300);
        onWillStart(async () => {
            await this.load();
            this.orm.silent.call(DESK, "action_look", []);
        });
        useEffect(
            (selected) => {
                this.rootRef.el
                    ?.querySelector(`[data-index="${selected}"]`)
                    ?.scrollIntoView({ block: "nearest" });
            },
            () => [this.state.selected]
        );
        this.bindKeys();
    }

    // === By keyboard alone ===

    bindKeys() {
        const keys = {
            arrowdown: () => this.select(this.state.selected + 1),
            arrowup: () => this.select(this.state.selected - 1),
            o: () => this.current && this.open(this.current),
            c: () => this.current && this.call(this.current),
            r: () => this.current && this.answer(this.current),
            d: () => this.current && this.putAside(this.current),
            s: () => this.current && this.putAside(this.current, 7),
            f: () => this.searchRef.el.focus(),
        };
        for (const [key, callback] of Object.entries(keys)) {
            const allowRepeat = key.startsWith("arrow");
            useHotkey(key, callback, { allowRepeat });
        }
        useHotkey("enter", () => this.current && this.open(this.current), {
            // on a button it presses the button
            isAvailable: () => !document.activeElement?.closest("button, a, input"),
        });
    }

    get current() {
        return this.state.data.lines[this.state.selected];
    }

    select(index) {
        const last = this.state.data.lines.length - 1;
        this.state.selected = Math.max(0, Math.min(index, last));
    }

    onSearchKeydown(ev) {
        if (ev.key === "Enter" || ev.key === "ArrowDown") {
            ev.preventDefault();
            ev.target.blur();
            this.rootRef.el.focus();
        }
    }

    // === The list ===

    readAddress() {
        const filters = {};
        for (const key of FILTERS) {
            const value = router.current[key];
            if (value !== undefined && value !== "") {
                filters[key] = NUMBERS.includes(key) ? Number(value) : String(value);
            }
        }
        return filters;
    }

    async load() {
        this.state.isLoading = true;
        try {
            this.state.data = await this.keepLast.add(
                this.orm.call(DESK, "get_work", [this.filters])
            );
            this.select(this.state.selected);
            this.props.updateActionState?.(
                Object.fromEntries(FILTERS.map((key) => [key, this.filters[key] || undefined]))
            );
        } finally {
            this.state.isLoading = false;
        }
    }

    setFilters(filters) {
        this.filters = { ...this.filters, offset: undefined, ...filters };
        this.state.selected = 0;
        return this.load();
    }

    get scopes() {
        return [
            { id: "mine", name: _t("My customers") },
            { id: "team", name: _t("My team's") },
            { id: "all", name: _t("All customers") },
        ];
    }

    get buckets() {
        const { buckets, filters } = this.state.data;
        return buckets.map((bucket) => ({
            ...bucket,
            isActive: bucket.id === (filters.bucket || "all"),
        }));
    }

    setBucket(id) {
        return this.setFilters({ bucket: id === "all" ? undefined : id });
    }

    get pages() {
        const { filters, limit, lines, total } = this.state.data;
        const first = filters.offset + 1;
        return {
            label: _t("%(first)s to %(last)s of %(total)s", {
                first,
                last: filters.offset + lines.length,
                total,
            }),
            previous: filters.offset > 0 ? Math.max(filters.offset - limit, 0) : false,
            next: filters.offset + limit < total ? filters.offset + limit : false,
        };
    }

    turn(offset) {
        return this.setFilters({ offset: offset || undefined });
    }

    days(line) {
        if (line.days === 1) {
            return _t("1 day");
        }
        return line.days > 0 ? _t("%s days", line.days) : "";
    }

    points(points) {
        return formatFloat(points, { digits: [16, 1] });
    }

    describePoints(line) {
        const told = line.parts.map((part) => `${this.points(part.points)} · ${part.text}`);
        return told.join("\n");
    }

    get snoozes() {
        return [
            { days: 1, name: _t("Until tomorrow") },
            { days: 3, name: _t("For 3 days") },
            { days: 7, name: _t("For a week") },
            { days: 30, name: _t("For 30 days") },
        ];
    }

    // === What is done with a line ===

    open(line) {
        return this.action.doAction(customerAction(line));
    }

    /** What leaves next by itself, worked out as it is now. */
    openLeaving() {
        return this.action.doAction("crm_collection.crm_collection_forewarning_action_open");
    }

    call(line) {
        if (this.state.data.can_work) {
            this.action.doAction(logAction(line), { onClose: () => this.load() });
        }
    }

    /** To what the customer wrote; to the list where he did several times. */
    async answer(line) {
        const domain = [
            ["partner_id", "=", line.partner_id],
            ["company_id", "=", line.company_id],
            ["state", "=", "waiting"],
        ];
        const ids = await this.orm.search("crm.collection.contact", domain, { limit: 2 });
        if (!ids.length) {
            return;
        }
        const isOne = ids.length === 1;
        await this.action.doAction({
            type: "ir.actions.act_window",
            name: _t("Replies to answer"),
            res_model: "crm.collection.contact",
            res_id: isOne && ids[0],
            domain,
            views: isOne
                ? [[false, "form"]]
                : [
                      [false, "list"],
                      [false, "form"],
                  ],
        });
    }

    async putAside(line, days = 1) {
        if (!this.state.data.can_work) {
            return;
        }
        const until = serializeDate(luxon.DateTime.now().plus({ days }));
        await this.orm.call(DESK, "action_put_aside", [line.partner_id, line.company_id, until]);
        await this.load();
        const close = this.notification.add(
            days === 1
                ? _t("%s is done for today.", line.name)
                : _t("%(name)s comes back in %(days)s days.", { name: line.name, days }),
            {
                type: "success",
                buttons: [
                    {
                        name: _t("Undo"),
                        primary: true,
                        onClick: () => {
                            close();
                            return this.takeUp(line);
                        },
                    },
                ],
            }
        );
    }

    async takeUp(line) {
        await this.orm.call(DESK, "action_take_up", [line.partner_id, line.company_id]);
        await this.load();
    }
}

registry.category("actions").add("crm_collection.desk", CollectionDesk);
