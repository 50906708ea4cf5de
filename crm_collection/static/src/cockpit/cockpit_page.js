import { Component, onWillStart, useRef, useState } from "@odoo/owl";
import { router } from "@web/core/browser/router";
import { formatCurrency } from "@web/core/currency";
import { Dropdown } from "@web/core/dropdown/dropdown";
import { DropdownItem } from "@web/core/dropdown/dropdown_item";
import { _t } from "@web/core/l10n/translation";
import { KeepLast } from "@web/core/utils/concurrency";
import { useService } from "@web/core/utils/hooks";
import { useSetupAction } from "@web/search/action_hook";
import { Layout } from "@web/search/layout";
import { formatInteger } from "@web/views/fields/formatters";
import { standardActionServiceProps } from "@web/webclient/actions/action_service";
import { CollectionStatusBanner } from "../status_banner/status_banner";
import { CockpitFigure } from "./cockpit_figure";
import { CockpitHelp } from "./cockpit_help";

export const COCKPIT = "crm.collection.cockpit";

/**
 * A page of figures, which the cockpit and the collectors are: filled by a call, with filters that
 * live in the address, so that a reload, a link and the way back from a list show the same page.
 *
 * Each says its ``filterKeys`` (the first one is a text, the others numbers of records), its
 * ``menus`` as ``getMenus()``, and ``read()``, which fills ``state.data``.
 */
// each page has its own template
// eslint-disable-next-line no-restricted-syntax
export class CockpitPage extends Component {
    static components = {
        CockpitFigure,
        CockpitHelp,
        CollectionStatusBanner,
        Dropdown,
        DropdownItem,
        Layout,
    };
    static props = { ...standardActionServiceProps };
    static filterKeys = [];

    setup() {
        this.action = useService("action");
        this.orm = useService("orm");
        this.keepLast = new KeepLast();
        this.state = useState({ data: null, isLoading: false });
        this.filters = this.props.state?.filters || this.readAddress();
        this.rootRef = useRef("root");
        useSetupAction({
            rootRef: this.rootRef,
            getLocalState: () => ({ filters: this.filters }),
        });
        onWillStart(() => this.load());
    }

    // === Filters ===

    readAddress() {
        const filters = {};
        const [text] = this.constructor.filterKeys;
        for (const key of this.constructor.filterKeys) {
            const value = router.current[key];
            if (value !== undefined && value !== "") {
                filters[key] = key === text ? String(value) : Number(value);
            }
        }
        return filters;
    }

    async load() {
        this.state.isLoading = true;
        try {
            await this.read();
            const keys = this.constructor.filterKeys;
            this.props.updateActionState?.(
                Object.fromEntries(keys.map((key) => [key, this.filters[key] || undefined]))
            );
        } finally {
            this.state.isLoading = false;
        }
    }

    async read() {
        throw new Error("Each page reads its own figures.");
    }

    setFilter(key, value) {
        this.filters = { ...this.filters, [key]: value || undefined };
        if (key === "company_id") {
            delete this.filters.books_id; // a company keeps its books in one currency
        }
        return this.load();
    }

    /** The filters that both have: of companies, and of the currency of their books. */
    getCompanyMenus() {
        const { options } = this.state.data;
        const menus = [];
        if (options.companies.length > 1) {
            const items = [{ id: false, name: _t("All companies") }, ...options.companies];
            menus.push({ key: "company_id", label: _t("Company"), items });
        }
        if (options.books.length > 1) {
            menus.push({ key: "books_id", label: _t("Books in"), items: options.books });
        }
        return menus;
    }

    getMenus() {
        return this.getCompanyMenus();
    }

    get menus() {
        return this.getMenus().map((menu) => ({
            ...menu,
            value: menu.items.find((item) => item.id === this.state.data.filters[menu.key]),
        }));
    }

    /** What is left out, so that nobody takes one currency for all of them. */
    get otherBooks() {
        const { currency_id: current, options } = this.state.data;
        const others = options.books.filter((book) => book.id !== current);
        const names = others.map((book) => book.name).join(", ");
        return names && _t("Companies with books in %s are not added; choose them above.", names);
    }

    // === Formats ===

    integer(value) {
        return formatInteger(value);
    }

    money(value) {
        return formatCurrency(value, this.state.data.currency_id);
    }

    open(action) {
        return this.action.doAction(action);
    }
}
