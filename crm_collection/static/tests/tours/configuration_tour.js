import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("crm_collection_rule_preview", {
    steps: () => [
        {
            content: "The timeline previews the steps, manual ones as proposals",
            trigger: ".o_crm_collection_step:contains(day 10):contains(Phase 2)",
        },
        {
            trigger: ".o_crm_collection_step:contains(Manual):contains(a person decides)",
        },
        {
            trigger: ".o_crm_collection_step.o_due",
        },
        {
            content: "Move the second step to another day",
            trigger: "div[name=step_ids] .o_data_row:contains(Phase 2) td[name=days]",
            run: "click",
        },
        {
            trigger: "div[name=step_ids] .o_selected_row td[name=days] input",
            run: "edit 15",
        },
        {
            trigger: "div[name=step_ids] .o_selected_row td[name=attach_pdf]",
            run: "click",
        },
        {
            content: "The preview follows before anything is saved",
            trigger: ".o_crm_collection_step:contains(day 15):contains(Phase 2)",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))",
        },
        {
            content: "The stations of the phases at a glance",
            trigger: "button[data-menu-xmlid='crm_collection.crm_collection_menu_reporting']",
            run: "click",
        },
        {
            trigger: "a[data-menu-xmlid='crm_collection.crm_collection_menu_overview']",
            run: "click",
        },
        {
            trigger: ".o_kanban_record:contains(Phase 1) button[name=action_open_items]",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row:contains(Adler GmbH)",
        },
    ],
});
