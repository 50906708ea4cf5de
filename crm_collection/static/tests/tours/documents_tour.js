import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("crm_collection_invoice_tab", {
    steps: () => [
        {
            content: "The invoice says in which phase it is",
            trigger: "button[name=action_open_collection_items]:contains(Phase 1)",
        },
        {
            trigger: ".o_notebook a[name=collection]",
            run: "click",
        },
        {
            content: "Its items, one per installment",
            trigger: "div[name=collection_item_ids] .o_data_row:contains(1/2):contains(Phase 1)",
        },
        {
            content: "Its history",
            trigger: ".o_crm_collection_allocation.o_current:contains(Phase 1)",
        },
        {
            content: "Its letters lead to the letter",
            trigger: ".o_crm_collection_move_letters tr:contains(1/2) button",
            run: "click",
        },
        {
            trigger: ".o_form_view .o_crm_collection_letter_body:contains(Adler GmbH)",
        },
    ],
});

registry.category("web_tour.tours").add("crm_collection_letter_form", {
    steps: () => [
        {
            trigger: ".o_data_row:contains(Adler GmbH) .badge:contains(In the mail queue)",
        },
        {
            trigger: ".o_data_row:contains(Nobody Ltd) .badge:contains(No address)",
        },
        {
            content: "A letter that reached nobody says why and what to do",
            trigger: ".o_data_row:contains(Nobody Ltd) td[name=date]",
            run: "click",
        },
        {
            trigger: ".o_form_view .alert-danger:contains(Nobody to write to)",
        },
        {
            trigger: "button[name=action_retry]",
        },
        {
            trigger: ".breadcrumb-item a, .o_back_button",
            run: "click",
        },
        {
            content: "A letter shows what the customer reads",
            trigger: ".o_data_row:contains(Adler GmbH) td[name=date]",
            run: "click",
        },
        {
            trigger: ".o_crm_collection_letter_body h4",
        },
        {
            trigger: ".o_form_view .alert-info:contains(Handed over to the mail queue)",
        },
        {
            trigger: ".o_notebook a[name=open_items]",
            run: "click",
        },
        {
            trigger: "div[name=line_ids] .o_data_row:contains(Phase 1)",
        },
    ],
});
