import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const PAGE = ".o_crm_collectors .o_crm_cockpit_page";
const cell = (measure) => `.o_crm_collectors tr:contains(collector) td[data-measure='${measure}']`;

/** Click a figure, see its list, come back. */
const visit = (content, trigger, list) => [
    { content, trigger, run: "click" },
    { content: "The list behind it", trigger: list },
    {
        content: "And back",
        trigger: ".o_back_button a, .breadcrumb-item.o_back_button a",
        run: "click",
    },
    { trigger: PAGE },
];

registry.category("web_tour.tours").add("crm_collection_collectors", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the app",
            trigger: ".o_app[data-menu-xmlid='crm_collection.crm_collection_menu']",
            run: "click",
        },
        {
            trigger: "[data-menu-xmlid='crm_collection.crm_collection_menu_collectors']",
            run: "click",
        },
        { content: "No target yet", trigger: `${cell("target")}:contains(–)` },
        { content: "Set one", trigger: "button[name=targets]", run: "click" },
        { trigger: ".o_list_button_add", run: "click" },
        {
            trigger: ".o_selected_row .o_field_widget[name=user_id] input",
            run: "edit collector",
        },
        {
            content: "Once the others are gone",
            trigger:
                ".o-autocomplete--dropdown-menu:not(:contains(outsider)) .o-autocomplete--dropdown-item:contains(collector) a",
            run: "click",
        },
        { trigger: ".o_selected_row .o_field_widget[name=amount] input", run: "edit 200" },
        { trigger: ".o_list_button_save", run: "click" },
        { trigger: ".o_list_view:not(:has(.o_selected_row)) .o_data_row:contains(200.00)" },
        {
            content: "And back",
            trigger: ".o_back_button a, .breadcrumb-item.o_back_button a",
            run: "click",
        },
        { content: "Half of it is collected", trigger: `${cell("target")}:contains(50%)` },
        ...visit("Collected", `${cell("collected")} button`, ".o_list_view .o_data_row"),
        ...visit(
            "In care, by customer",
            `${cell("care")} button`,
            ".o_list_view .o_group_header:contains(Adler GmbH)"
        ),
        { content: "Another month", trigger: "button[name=month]", run: "click" },
        { trigger: ".o-dropdown-item:contains(February 2026)", run: "click" },
        { trigger: `${cell("target")}:contains(–)` },
        ...visit(
            "Expected cash, whatever the month",
            ".o_crm_collectors [data-part=behaviour] [data-period='30'] button:contains(300.00)",
            ".o_list_view .o_data_row:contains(Adler GmbH)"
        ),
        ...visit(
            "Month by month",
            "button.o_crm_cockpit_link:contains(Settled collections)",
            ".o_pivot_view:contains(March 2026):contains(100.00)"
        ),
        {
            content: "The month is as it was",
            trigger: "button[name=month]:contains(February 2026)",
        },
    ],
});
