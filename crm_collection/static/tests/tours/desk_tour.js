import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const line = (name) => `.o_crm_desk_line:contains(${name})`;
const field = (name) => `.modal .o_field_widget[name=${name}]`;

/** A collector's day: whom to call first, the call, a promise over two invoices, and its trace. */
registry.category("web_tour.tours").add("crm_collection_desk", {
    steps: () => [
        stepUtils.showAppsMenuItem(),
        {
            content: "Open the app",
            trigger: ".o_app[data-menu-xmlid='crm_collection.crm_collection_menu']",
            run: "click",
        },
        {
            content: "Whom to call first is chosen already, and why is said",
            trigger: `${line("Adler GmbH")}.o_selected:contains(overdue):contains(Call for the first time)`,
        },
        {
            content: "Log a call",
            trigger: `${line("Adler GmbH")} button[name=log]`,
            run: "click",
        },
        {
            content: "The script of the phase is filled in",
            trigger: ".modal .alert-info:contains(Adler GmbH)",
        },
        {
            trigger: `${field("outcome_id")} span:contains(No answer)`,
            run: "click",
        },
        {
            trigger: `${field("note")} textarea`,
            run: "edit Rang for a minute",
        },
        {
            trigger: ".modal footer button[name=action_log]",
            run: "click",
        },
        {
            content: "What was planned is said on the line",
            trigger: `${line("Adler GmbH")}:contains(Planned for)`,
        },
        {
            content: "To the customer",
            trigger: `${line("Adler GmbH")} .o_crm_desk_name`,
            run: "click",
        },
        {
            trigger: ".o_crm_customer .alert-warning:contains(had contact with the customer today)",
        },
        {
            content: "Choose two invoices",
            trigger: ".o_crm_customer_items tbody tr:nth-child(1) input",
            run: "click",
        },
        {
            trigger: ".o_crm_customer_items tbody tr:nth-child(2) input",
            run: "click",
        },
        {
            trigger: ".o_crm_customer_buttons button[name=promise]",
            run: "click",
        },
        {
            trigger: ".modal:contains(One promise for each customer)",
        },
        {
            trigger: `${field("reason")} input`,
            run: "edit The branch pays on Friday",
        },
        {
            trigger: `${field("date_until")} input`,
            run: "edit 03/20/2026",
        },
        {
            trigger: ".modal footer button[name=action_apply]",
            run: "click",
        },
        {
            content: "Both are held, and the third is not",
            trigger:
                ".o_crm_customer_items:has(tr:nth-child(1):contains(Promise)):has(tr:nth-child(2):contains(Promise)):not(:has(tr:nth-child(3):contains(Promise)))",
        },
        {
            content: "Everything is in one line of time",
            trigger:
                ".o_crm_customer_timeline:contains(The branch pays on Friday):contains(Rang for a minute)",
        },
        {
            trigger: "[data-card=timeline] button:contains(Contacts)",
            run: "click",
        },
        {
            trigger:
                ".o_crm_customer_timeline:contains(Rang for a minute):not(:contains(The branch pays))",
        },
        {
            content: "Back on the list",
            trigger: ".o_back_button a, .breadcrumb-item.o_back_button a",
            run: "click",
        },
        {
            content: "Done for today",
            trigger: `${line("Adler GmbH")} button[name=done]`,
            run: "click",
        },
        {
            trigger: `.o_crm_desk:not(:has(${line("Adler GmbH")}))`,
        },
        {
            trigger: ".o_notification button:contains(Undo)",
            run: "click",
        },
        {
            trigger: line("Adler GmbH"),
        },
    ],
});

/** By keyboard alone. */
registry.category("web_tour.tours").add("crm_collection_desk_keys", {
    steps: () => [
        {
            trigger: `${line("Adler GmbH")}.o_selected`,
            run: "press ArrowDown",
        },
        {
            trigger: `${line("Bauer AG")}.o_selected`,
            run: "press d",
        },
        {
            trigger: `.o_crm_desk:not(:has(${line("Bauer AG")})) ${line("Adler GmbH")}.o_selected`,
            run: "press c",
        },
        {
            trigger: ".modal:contains(Log) button[special=cancel]",
            run: "press Escape",
        },
        {
            trigger: `body:not(:has(.modal)) ${line("Adler GmbH")}.o_selected`,
            run: "press o",
        },
        {
            trigger: ".o_crm_customer_name:contains(Adler GmbH)",
        },
    ],
});
