import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";

/** The first hour of a collector, on his own customers; nothing is written. */
registry.category("web_tour.tours").add("crm_collection_first_hour_collector", {
    url: "/odoo/collection-work",
    steps: () => [
        {
            content: _t(
                "Whom to call first stands at the top, with the reason and the next step in words. Click the customer."
            ),
            trigger: ".o_crm_desk_line:first .o_crm_desk_name",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_crm_customer_items",
        },
        {
            content: _t(
                "What he owes, how he pays, and all that was sent, said and paid is on this page. Now log a call: nothing is written before you say so."
            ),
            trigger: ".o_crm_customer_buttons button[name=call]",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            content: _t(
                "Say what came of it. A promise, a dispute or a hold is made in the same dialog."
            ),
            trigger: ".modal .o_field_widget[name=outcome_id] .o_selection_badge:first",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            content: _t("This time it is an exercise: discard it."),
            trigger: ".modal footer button[special=cancel]",
            tooltipPosition: "top",
            run: "click",
        },
        {
            content: _t("Every open item in collection is in the portfolio."),
            trigger:
                ".o_menu_sections [data-menu-xmlid='crm_collection.crm_collection_menu_portfolio']",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            content: _t(
                "Open one: it says why it is in its phase, what comes next and when, unless it is paid."
            ),
            trigger: ".o_list_view .o_data_row:first .o_data_cell[name=name]",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_crm_collection_explanation",
        },
        {
            content: _t(
                "What it says comes true if nothing else happens. Go back to My Work, and begin with the first customer."
            ),
            trigger: ".o_menu_sections [data-menu-xmlid='crm_collection.crm_collection_menu_desk']",
            tooltipPosition: "bottom",
            run: "click",
        },
    ],
});
