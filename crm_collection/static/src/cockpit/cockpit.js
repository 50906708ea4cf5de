import { onWillUnmount } from "@odoo/owl";
import { browser } from "@web/core/browser/browser";
import { deserializeDate, deserializeDateTime, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatInteger, formatPercentage } from "@web/views/fields/formatters";
import { customerAction } from "../desk/desk_tools";
import { CockpitChart } from "./cockpit_chart";
import { COCKPIT, CockpitPage } from "./cockpit_page";

// From "not due yet" to the oldest; they stand out on light and dark pages alike.
const AGING_COLORS = ["#8fa3b8", "#f2c14e", "#f39b4b", "#e8703f", "#d64545", "#9b2c3d"];
const LETTER_COLORS = {
    to_send: "#8fa3b8",
    outgoing: "#4ea7f2",
    to_print: "#6fb7c9",
    printed: "#3f8fa8",
    sent: "#2fa37c",
    uncertain: "#8a6fc4",
    bounced: "#d64545",
    failed: "#e8703f",
    no_address: "#f2c14e",
    blacklisted: "#9b2c3d",
    cancelled: "#c3cad2",
};
const MINUTE = 60 * 1000;

/** The first page of the app. Everything on it comes from one call. */
export class CollectionCockpit extends CockpitPage {
    static template = "crm_collection.Cockpit";
    static components = { ...CockpitPage.components, CockpitChart };
    static filterKeys = ["period", "company_id", "books_id", "currency_id", "user_id"];

    setup() {
        super.setup();
        this.state.now = luxon.DateTime.now();
        const timer = browser.setInterval(() => {
            this.state.now = luxon.DateTime.now();
        }, MINUTE);
        onWillUnmount(() => browser.clearInterval(timer));
    }

    async read() {
        const data = await this.keepLast.add(this.orm.call(COCKPIT, "get_cockpit", [this.filters]));
        Object.assign(this.state, { data, now: luxon.DateTime.now() });
    }

    getMenus() {
        const { options } = this.state.data;
        const all = (name) => ({ id: false, name });
        const menus = [
            { key: "period", label: _t("Period"), items: options.periods },
            ...super.getMenus(),
        ];
        if (options.currencies.length > 1) {
            const items = [all(_t("All currencies")), ...options.currencies];
            menus.push({ key: "currency_id", label: _t("Currency of the items"), items });
        }
        if (options.collectors.length) {
            const items = [all(_t("All collectors")), ...options.collectors];
            menus.push({ key: "user_id", label: _t("Collector"), items });
        }
        return menus;
    }

    // === Freshness ===

    get readAt() {
        const time = deserializeDateTime(this.state.data.freshness.time);
        return _t("Figures of %s", time.toLocaleString(luxon.DateTime.TIME_SIMPLE));
    }

    get lastRun() {
        const { last_run: lastRun } = this.state.data.freshness;
        return lastRun
            ? _t("Last allocation %s.", this.getAge(lastRun))
            : _t("The allocation job has not run yet.");
    }

    get fresh() {
        const { last_run: lastRun } = this.state.data.freshness;
        return _t(
            "Amounts are read from accounting just now. Last allocation %s; no open item waits for the job.",
            this.getAge(lastRun)
        );
    }

    getAge(moment) {
        return deserializeDateTime(moment).toRelative({ base: this.state.now });
    }

    get waiting() {
        const { waiting } = this.state.data.freshness;
        return waiting === 1
            ? _t("1 open item waits for the job.")
            : _t("%s open items wait for the job.", formatInteger(waiting));
    }

    async runNow() {
        const action = await this.orm.call("crm.collection.run", "action_run_now", []);
        await this.action.doAction(action);
    }

    // === Formats ===

    get cards() {
        return this.state.data.cards;
    }

    moneyShort(value) {
        return formatInteger(value, {
            humanReadable: true,
            decimals: value && value < 10000 ? 1 : 0,
        });
    }

    percent(part, whole) {
        return formatPercentage(whole ? part / whole : 0, { digits: [16, 0] });
    }

    date(value) {
        return formatDate(deserializeDate(value));
    }

    openItems(count) {
        return count === 1 ? _t("1 open item") : _t("%s open items", formatInteger(count));
    }

    get settlements() {
        const { count } = this.cards.settled;
        return count === 1 ? _t("1 settlement") : _t("%s settlements", formatInteger(count));
    }

    days(count) {
        return count === 1 ? _t("1 day") : _t("%s days", formatInteger(count));
    }

    /** A name and its figure in one sentence, for screen readers and tooltips. */
    describe(name, figure, count = this.openItems(figure.count)) {
        const amount = figure.amount === null ? "" : `${this.money(figure.amount)}, `;
        return `${name}: ${amount}${count}`;
    }

    /** The same where only the number counts. */
    count(name, figure) {
        return `${name}: ${formatInteger(figure.count)}`;
    }

    get nothingBefore() {
        return _t("Nothing was overdue on %s", this.date(this.cards.overdue.day));
    }

    get customersOverdue() {
        return _t("Customers overdue: %s", formatInteger(this.cards.debtors.count));
    }

    get openItemsOverdue() {
        return _t("%s past the due date", this.openItems(this.cards.overdue.now.count));
    }

    get allCustomers() {
        return _t("All %s customers", formatInteger(this.cards.debtors.count));
    }

    get period() {
        const { start, end } = this.state.data.filters;
        return `${this.date(start)} – ${this.date(end)}`;
    }

    // === Cards ===

    get trend() {
        const { now, before } = this.cards.overdue;
        if (!before || !before.amount) {
            return null;
        }
        const change = now.amount / before.amount - 1;
        const words = [_t("less than on"), _t("more than on")];
        return {
            text: formatPercentage(Math.abs(change), { digits: [16, 1] }),
            icon: change > 0 ? "fa-arrow-up" : "fa-arrow-down",
            class: change > 0 ? "text-danger" : "text-success",
            word: words[Number(change > 0)],
        };
    }

    get bridge() {
        const { now, before, settled, new: added } = this.cards.overdue;
        const most = Math.max(before.amount + added.amount, now.amount, 1);
        const day = this.date(this.cards.overdue.day);
        const row = (key, name, figure, sign, offset, color) => ({
            key,
            name,
            figure,
            sign,
            color,
            offset: (100 * offset) / most,
            width: (100 * Math.abs(figure.amount)) / most,
        });
        const kept = before.amount - settled.amount;
        return [
            row("before", _t("Overdue on %s", day), before, "", 0, "o_before"),
            row("settled", _t("Settled since"), settled, "−", kept, "bg-success"),
            row("new", _t("Newly overdue"), added, "+", kept, "bg-warning"),
            row("now", _t("Overdue now"), now, "", 0, "bg-danger"),
        ];
    }

    get aging() {
        const { aging } = this.cards;
        const total = aging.reduce((sum, { amount }) => sum + amount, 0);
        const last = Math.max(aging.length - 1, 1);
        return aging.map((figure, index) => ({
            ...figure,
            name: figure.action.name,
            label: this.getRange(figure),
            color: AGING_COLORS[Math.round((index * (AGING_COLORS.length - 1)) / last)],
            share: this.percent(figure.amount, total),
        }));
    }

    /** A bucket in as few letters as an axis has room for. */
    getRange({ first, last }) {
        if (first === null) {
            return _t("Not due");
        }
        return last === null ? `> ${first - 1}` : `${first}–${last}`;
    }

    get phases() {
        const { phases } = this.cards;
        const most = Math.max(...phases.map(({ amount }) => amount), 1);
        return phases.map((figure) => ({
            ...figure,
            name: figure.action.name,
            width: Math.max((100 * figure.amount) / most, figure.amount ? 1 : 0),
        }));
    }

    get rolls() {
        return this.cards.rolls.map((phase) => {
            const total = phase.outcomes.reduce((sum, { amount }) => sum + amount, 0);
            const outcomes = phase.outcomes
                .filter(({ count }) => count)
                .map((figure) => ({
                    ...figure,
                    share: this.percent(figure.amount, total),
                    width: total ? (100 * figure.amount) / total : 100 / phase.outcomes.length,
                }));
            return { ...phase, outcomes };
        });
    }

    get debtors() {
        const { customers } = this.cards.debtors;
        const most = Math.max(...customers.map(({ amount }) => amount), 1);
        return customers.map((figure) => ({ ...figure, width: (100 * figure.amount) / most }));
    }

    openCustomer({ id, page_company_id, name }) {
        return this.open(customerAction({ partner_id: id, company_id: page_company_id, name }));
    }

    get letters() {
        const { states } = this.cards.letters;
        return states.map((figure) => ({ ...figure, color: LETTER_COLORS[figure.key] }));
    }

    pluck(figures, key) {
        return figures.map((figure) => figure[key]);
    }
}

registry.category("actions").add("crm_collection.cockpit", CollectionCockpit);
