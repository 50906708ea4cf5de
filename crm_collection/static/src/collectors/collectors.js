import { deserializeDate, formatDate } from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { KeepLast } from "@web/core/utils/concurrency";
import { formatInteger, formatPercentage } from "@web/views/fields/formatters";
import { COCKPIT, CockpitPage } from "../cockpit/cockpit_page";

// The reports that have the same figures month by month, and how they are filtered then.
const HISTORY = {
    contacts: {
        xmlid: "crm_collection.crm_collection_contact_report_action",
        month: "date:month",
        context: { search_default_filter_done: 1 },
    },
    promises: {
        xmlid: "crm_collection.crm_collection_hold_action",
        month: "date_until:month",
        context: {
            search_default_filter_promise: 1,
            pivot_measures: ["amount_promised", "kept_rate"],
        },
    },
    collected: {
        xmlid: "crm_collection.crm_collection_settlement_action",
        month: "date:month",
        context: {
            search_default_filter_payment: 1,
            pivot_measures: ["amount"],
        },
    },
};

/**
 * The collectors, for the head of collections: a month beside the month before and the target, and
 * expected cash. Two calls fill the page.
 */
export class CollectionCollectors extends CockpitPage {
    static template = "crm_collection.Collectors";
    static filterKeys = ["month", "company_id", "books_id"];

    setup() {
        super.setup();
        this.keepExpected = new KeepLast();
        this.state.expected = null;
    }

    async read() {
        this.loadExpected();
        this.state.data = await this.keepLast.add(
            this.orm.call(COCKPIT, "get_collectors", [this.filters])
        );
    }

    /** It takes longer with much that is owed: the collectors do not wait for it. */
    async loadExpected() {
        this.state.expected = null;
        this.state.expected = await this.keepExpected.add(
            this.orm.call(COCKPIT, "get_expected", [this.filters])
        );
    }

    getMenus() {
        const { months } = this.state.data.options;
        const items = months.map((id) => ({ id, name: this.month(id) }));
        return [{ key: "month", label: _t("Month"), items }, ...super.getMenus()];
    }

    // === Formats ===

    month(value) {
        return deserializeDate(value).toLocaleString({ month: "long", year: "numeric" });
    }

    range(first, last) {
        return `${formatDate(deserializeDate(first))} – ${formatDate(deserializeDate(last))}`;
    }

    get span() {
        const { start, end, before_start, before_end } = this.state.data.filters;
        return _t("%(month)s, in grey %(before)s", {
            month: this.range(start, end),
            before: this.range(before_start, before_end),
        });
    }

    /** A rate in per cent; a dash where there was nothing to divide by. */
    rate(value) {
        return value === false ? "–" : formatPercentage(value / 100, { digits: [16, 0] });
    }

    customers(count) {
        return count === 1 ? _t("1 customer") : _t("%s customers", formatInteger(count));
    }

    promises(count) {
        return count === 1 ? _t("1 promise") : _t("%s promises", formatInteger(count));
    }

    before(text) {
        return _t("The month before: %s", text);
    }

    /** A name and its figure in one sentence, for screen readers. */
    describe(row, name, text) {
        return `${row.name}, ${name}: ${text}`;
    }

    // === The collectors ===

    get rows() {
        const { rows, total } = this.state.data;
        return total ? [...rows, { ...total, isTotal: true }] : rows;
    }

    /** What stands in the cells of a row: a figure, its words, and those of the month before. */
    getCells(row) {
        const { care, worked, reached, tried, promised, kept, judged, collected, target } = row;
        // of nothing there is nothing more to say
        const cell = (key, name, text, more, before) => ({
            key,
            name,
            figure: row[key],
            text,
            more: row[key]?.count ? more : "",
            before,
        });
        const money = (figure) => this.money(figure.amount);
        const ofTried = { reached: this.integer(reached.count), tried: this.integer(tried.count) };
        const ofPromised = { kept: money(kept), promised: money(judged) };
        return [
            cell("care", _t("In care"), money(care), this.customers(care.customers)),
            cell(
                "worked",
                _t("Contacts"),
                this.integer(worked.count),
                this.customers(worked.customers),
                this.integer(worked.before.count)
            ),
            cell(
                "tried",
                _t("Reached"),
                this.rate(row.reached_rate),
                _t("%(reached)s of %(tried)s", ofTried),
                this.rate(row.reached_rate_before)
            ),
            cell(
                "promised",
                _t("Promised"),
                money(promised),
                this.promises(promised.count),
                money(promised.before)
            ),
            cell(
                "judged",
                _t("Kept"),
                this.rate(row.kept_rate),
                _t("%(kept)s of %(promised)s", ofPromised),
                this.rate(row.kept_rate_before)
            ),
            cell("collected", _t("Collected"), money(collected), "", money(collected.before)),
            cell(
                "target",
                _t("Target"),
                target && this.rate(target.reached),
                target && _t("of %s", this.money(target.target))
            ),
            cell("disputed", _t("Disputes"), this.integer(row.disputed.count)),
        ];
    }

    get columns() {
        return this.getCells(this.state.data.total || this.state.data.rows[0]);
    }

    progress(row) {
        return Math.max(0, Math.min(row.target.reached, 100));
    }

    // === Expected cash ===

    get expectedRows() {
        const { parts, total } = this.state.expected;
        return [...parts, { ...total, id: "total", name: _t("Expected"), isTotal: true }];
    }

    /** What there is nothing of is not named; disputes always are. */
    get uncounted() {
        const { uncounted } = this.state.expected;
        return uncounted.filter(({ amount, id }) => amount || id === "disputed");
    }

    describeExpected(row, name, figure) {
        return `${[row.name, name].filter(Boolean).join(", ")}: ${this.money(figure.amount)}`;
    }

    get inAll() {
        return _t("In all");
    }

    owedOf(figure) {
        return figure.owed === figure.amount ? "" : _t("of %s", this.money(figure.owed));
    }

    get byThen() {
        return this.state.expected.total.figures.map((figure) => this.money(figure.by_then));
    }

    // === Elsewhere ===

    async openHistory(key) {
        const { xmlid, month, context } = HISTORY[key];
        const action = await this.action.loadAction(xmlid);
        return this.action.doAction(
            {
                ...action,
                // instead of the menu's, which shows what is open or of this month
                context: {
                    pivot_row_groupby: ["user_id"],
                    pivot_column_groupby: [month],
                    ...context,
                },
            },
            { viewType: "pivot" }
        );
    }

    openTargets() {
        return this.action.doAction("crm_collection.crm_collection_target_action");
    }
}

registry.category("actions").add("crm_collection.collectors", CollectionCollectors);
