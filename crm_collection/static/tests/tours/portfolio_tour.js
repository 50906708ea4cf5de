import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const column = (phase) => `.o_kanban_group:has(.o_column_title:contains(${phase}))`;
const card = (phase) => `${column(phase)} .o_kanban_record:contains(Adler GmbH)`;

registry.category("web_tour.tours").add("crm_collection_portfolio", {
    url: "/odoo",
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the app",
            trigger: ".o_app[data-menu-xmlid='crm_collection.crm_collection_menu']",
            run: "click",
        },
        {
            content: "Go from My Work to the portfolio",
            trigger: "[data-menu-xmlid='crm_collection.crm_collection_menu_portfolio']",
            run: "click",
        },
        {
            content: "The portfolio opens on what is open and followed up",
            trigger: ".o_list_view .o_data_row:contains(Adler GmbH) .badge:contains(Phase 1)",
        },
        {
            trigger: ".o_searchview_facet:contains(In Follow-up)",
        },
        {
            content: "Choosing items offers what can be done with them",
            trigger: ".o_data_row:contains(Adler GmbH) .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".o_control_panel button[name=action_maintain]",
        },
        {
            trigger: ".o_control_panel button[name=action_send_letter]",
        },
        {
            trigger: ".o_control_panel button[name=action_hold]",
        },
        {
            content: "Go to the columns by phase",
            trigger: ".o_switch_view.o_kanban",
            run: "click",
        },
        {
            content: "Drag the card to the next phase",
            trigger: card("Phase 1"),
            run: `drag_and_drop(${column("Phase 2")})`,
        },
        {
            content: "Phase maintenance asks; give up",
            trigger: ".modal .o_form_view:contains(Phase 2)",
        },
        {
            trigger: ".modal button[special=cancel]",
            run: "click",
        },
        {
            content: "The card is where it was",
            trigger: `body:not(:has(.modal)) ${card("Phase 1")}`,
            run: `drag_and_drop(${column("Phase 2")})`,
        },
        {
            content: "Now say why, and move it",
            trigger: ".modal div[name=reason] input",
            run: "edit Promised twice and did not pay",
        },
        {
            trigger: ".modal button[name=action_apply]",
            run: "click",
        },
        {
            content: "The card has moved",
            trigger: `body:not(:has(.modal)) ${card("Phase 2")}`,
            run: "click",
        },
        {
            content: "The item tells its story",
            trigger: ".o_crm_collection_explanation:contains(Promised twice and did not pay)",
        },
        {
            trigger:
                ".o_crm_collection_allocation.o_current:contains(Promised twice and did not pay)",
        },
        {
            trigger: ".o_crm_collection_allocation:not(.o_current):contains(Phase 1)",
        },
        {
            content: "Choosing a phase in the bar is phase maintenance too",
            trigger: ".o_statusbar_status button:contains(Phase 3)",
            run: "click",
        },
        {
            trigger: ".modal .o_form_view:contains(Phase 3)",
        },
        {
            trigger: ".modal button[special=cancel]",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_arrow_button_current:contains(Phase 2)",
        },
    ],
});

registry.category("web_tour.tours").add("crm_collection_portfolio_read_only", {
    steps: () => [
        {
            content: "Who only reads sees the item without a way to change it",
            trigger: ".o_list_view .o_data_row:contains(Adler GmbH) .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".o_control_panel:not(:has(button[name=action_maintain])) .o_selection_box",
        },
        {
            trigger: ".o_selection_box .o_unselect_all",
            run: "click",
        },
        {
            trigger: ".o_data_row:not(.o_data_row_selected):contains(Adler GmbH) td[name=name]",
            run: "click",
        },
        {
            trigger: ".o_form_view:not(:has(button[name=action_maintain])) .o_arrow_button_current",
        },
        {
            trigger: ".o_crm_collection_allocation.o_current:contains(Phase 1)",
        },
    ],
});
