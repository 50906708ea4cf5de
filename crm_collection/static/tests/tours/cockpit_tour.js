import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const card = (name) => `.o_crm_cockpit [data-card='${name}']`;

/** Click a figure, see its list, come back. */
const visit = (content, trigger, list) => [
    { content, trigger, run: "click" },
    { content: "The list behind it", trigger: list },
    {
        content: "And back",
        trigger: ".o_back_button a, .breadcrumb-item.o_back_button a",
        run: "click",
    },
    { trigger: ".o_crm_cockpit_page" },
];

const rows = (number) =>
    `.o_list_view:has(.o_data_row:nth-child(${number})):not(:has(.o_data_row:nth-child(${number + 1})))`;

registry.category("web_tour.tours").add("crm_collection_cockpit", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the app",
            trigger: ".o_app[data-menu-xmlid='crm_collection.crm_collection_menu']",
            run: "click",
        },
        {
            content: "My Work is its first page; the cockpit is beside it",
            trigger: "[data-menu-xmlid='crm_collection.crm_collection_menu_cockpit']",
            run: "click",
        },
        {
            content: "It says how fresh it is",
            trigger: ".o_crm_cockpit_page .o_crm_cockpit_fresh:contains(no open item waits)",
        },
        { trigger: `${card("overdue")}:contains(1,150.00)` },
        ...visit("Overdue", `${card("overdue")} .o_crm_cockpit_big`, rows(3)),
        ...visit(
            "Overdue a month ago",
            `${card("overdue")} .o_crm_cockpit_link`,
            `${rows(1)}:contains(900.00):contains(800.00)`
        ),
        ...visit(
            "Customers, one group for each",
            `${card("customers")} .o_crm_cockpit_big`,
            ".o_list_view .o_group_header:contains(Adler GmbH)"
        ),
        ...visit("Settled", `${card("settled")} .o_crm_cockpit_big`, ".o_list_view"),
        ...visit(
            "Letters",
            `${card("week")} .o_crm_cockpit_big`,
            ".o_list_view .o_data_row:contains(Nobody Ltd)"
        ),
        { content: "The chart is drawn", trigger: `${card("aging")} canvas` },
        ...visit(
            "A bucket",
            `${card("aging")} button:contains(61 to 90 days)`,
            `${rows(1)}:contains(800.00)`
        ),
        ...visit(
            "An exception",
            `${card("attention")} button:contains(without an address)`,
            ".o_list_view .o_data_row:contains(Nobody Ltd)"
        ),
        ...visit("A proposal", `${card("attention")} button:contains(Proposed)`, rows(1)),
        ...visit("A phase", `${card("phases")} button:contains(Phase 1)`, rows(2)),
        ...visit(
            "A roll rate",
            `${card("rolls")} button.o_outcome_stayed:first`,
            ".o_list_view .o_data_row"
        ),
        ...visit(
            "What was settled since",
            `${card("bridge")} button:contains(Settled since)`,
            `${rows(1)}:contains(100.00)`
        ),
        ...visit(
            "A debtor",
            `${card("debtors")} .o_crm_cockpit_figure:contains(Nobody Ltd)`,
            rows(1)
        ),
        ...visit("Letters by state", `${card("letters")} button:contains(No address)`, rows(1)),
        {
            content: "Choose a collector",
            trigger: ".o_crm_cockpit_filters button[name=user_id]",
            run: "click",
        },
        {
            trigger: ".o-dropdown--menu .o-dropdown-item:contains(collector):not(:contains(All))",
            run: "click",
        },
        { trigger: `${card("overdue")}:contains(800.00):not(:contains(1,150.00))` },
        {
            content: "Choose a period",
            trigger: ".o_crm_cockpit_filters button[name=period]",
            run: "click",
        },
        {
            trigger: ".o-dropdown-item:contains(Last month)",
            run: "click",
        },
        { trigger: `${card("settled")}:contains(02/01/2026)` },
        ...visit(
            "The list is the collector's too",
            `${card("overdue")} .o_crm_cockpit_big`,
            rows(1)
        ),
        {
            content: "The filters are as they were",
            trigger: ".o_crm_cockpit_filters button[name=period]:contains(Last month)",
        },
        { trigger: ".o_crm_cockpit_filters button[name=user_id]:contains(collector)" },
        {
            content: "And in the address, for a reload or a link",
            trigger: ".o_crm_cockpit_page",
            run: () => {
                const query = new URLSearchParams(window.location.search);
                if (query.get("period") !== "last_month" || !Number(query.get("user_id"))) {
                    throw new Error(`Filters are not in the address: ${window.location.search}`);
                }
            },
        },
        { trigger: ".o_control_panel button[aria-label=Refresh]", run: "click" },
        { trigger: `${card("settled")}:contains(02/01/2026)` },
    ],
});

registry.category("web_tour.tours").add("crm_collection_cockpit_empty", {
    steps: () => [
        {
            content: "Before the first item: what to do",
            trigger: ".o_crm_cockpit_empty:contains(Nothing to collect yet)",
        },
        {
            content: "Who only reads starts nothing",
            trigger:
                ".o_crm_cockpit_empty:not(:has(.btn-primary)) li:contains(Go live):not(:has(button))",
        },
        {
            trigger: ".o_crm_cockpit_empty li:contains(sending rules) button",
            run: "click",
        },
        { trigger: ".o_list_view" },
    ],
});
