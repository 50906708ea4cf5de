import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const line = (name) => `.o_crm_desk_line:contains(${name})`;
const field = (name) => `.modal .o_field_widget[name=${name}]`;

/** Steps that take no more clicks than the manual says. */
function within(clicks, steps) {
    const needed = steps.filter(({ run }) => run === "click").length;
    if (needed > clicks) {
        throw new Error(`${needed} clicks, and it may take ${clicks}`);
    }
    return steps;
}

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
        ...within(2, [
            {
                content: "Log a call",
                trigger: `${line("Adler GmbH")}.o_selected`,
                run: "press c",
            },
            {
                content: "The script of the phase is filled in",
                trigger: ".modal .alert-info:contains(Adler GmbH)",
            },
            {
                trigger: `${field("outcome_id")} .o_selection_badge:contains(No answer)`,
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
        ]),
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
            trigger:
                ".o_crm_customer .alert-warning:contains(There was contact today already):contains(No answer)",
        },
        ...within(4, [
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
        ]),
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
            content: "A statement about one of them",
            trigger: ".o_crm_customer_items tbody tr:nth-child(3) input",
            run: "click",
        },
        {
            trigger: ".o_crm_customer_buttons button[name=statement]",
            run: "click",
        },
        {
            trigger: ".modal .alert-warning:contains(There was contact today already)",
        },
        {
            trigger: ".modal button[special=cancel]",
            run: "click",
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
            trigger: ".o_notification:contains(done for today) button:contains(Undo)",
            run: "click",
        },
        {
            trigger: line("Adler GmbH"),
        },
    ],
});

/** What the customer wrote is a dispute: three clicks from My Work. */
registry.category("web_tour.tours").add("crm_collection_desk_reply", {
    steps: () => [
        ...within(3, [
            {
                content: "The first line says what to do",
                trigger: `${line("Adler GmbH")}.o_selected button[name=answer]:contains(Answer)`,
                run: "click",
            },
            {
                trigger: ".o_form_view button[name=action_dispute]",
                run: "click",
            },
            {
                content: "The customer's own words are the reason",
                trigger: `${field("reason")} input:value(The chairs are broken)`,
            },
            {
                trigger: ".modal footer button[name=action_apply]",
                run: "click",
            },
        ]),
        {
            trigger: ".o_notification:contains(On hold) button:contains(Undo)",
        },
        {
            content: "It is answered",
            trigger:
                ".o_form_view .o_statusbar_status button.o_arrow_button_current:contains(Done)",
        },
    ],
});

/** Ten customers go to a colleague: four clicks, whom to and why. */
registry.category("web_tour.tours").add("crm_collection_desk_hand_over", {
    steps: () => [
        ...within(4, [
            {
                content: "Ten customers",
                trigger:
                    ".o_list_view:has(.o_data_row:eq(9)):not(:has(.o_data_row:eq(10))) thead .o_list_record_selector input",
                run: "click",
            },
            {
                trigger: ".o_cp_action_menus button.dropdown-toggle",
                run: "click",
            },
            {
                trigger: ".o-dropdown-item:contains(Hand Over)",
                run: "click",
            },
            {
                content: "Who they are is said before",
                trigger: ".modal .alert-info:contains(10):contains(Adler GmbH):contains(Customer7)",
            },
            {
                trigger: `${field("user_id")} input`,
                run: "edit second",
            },
            {
                trigger: ".o-autocomplete--dropdown-item:contains(second)",
            },
            {
                trigger: `${field("user_id")} input`,
                run: "press Enter",
            },
            {
                trigger: ".modal:not(:has(.o-autocomplete--dropdown-menu))",
            },
            {
                trigger: `${field("reason")} input`,
                run: "edit Takes over the region",
            },
            {
                trigger: ".modal footer button[name=action_apply]",
                run: "click",
            },
        ]),
        {
            trigger: ".o_notification:contains(Handed over to second) button:contains(Undo)",
        },
    ],
});

/** A broken promise is the first thing one sees. */
registry.category("web_tour.tours").add("crm_collection_desk_broken", {
    steps: () =>
        within(0, [
            {
                trigger: `.o_crm_desk_line:first-child.o_selected:contains(Bauer AG):contains(promise broken on):contains(Call)`,
            },
            {
                trigger: ".o_crm_desk_bucket[name=broken]:contains(1)",
            },
        ]),
});

/** By keyboard alone: the way through the list, a call that is logged, and back. */
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
            run: "press c",
        },
        {
            content: "What came of it is a button, as the others",
            trigger: `${field("outcome_id")} button.o_selection_badge:contains(No answer)`,
            async run(helpers) {
                helpers.anchor.focus();
                await helpers.press("Enter");
            },
        },
        {
            trigger: `${field("outcome_id")} button.active:contains(No answer)`,
            run: "press alt+q",
        },
        {
            trigger: `body:not(:has(.modal)) ${line("Adler GmbH")}.o_selected:contains(Planned for)`,
            run: "press Enter",
        },
        {
            trigger: ".o_crm_customer_name:contains(Adler GmbH)",
        },
    ],
});
