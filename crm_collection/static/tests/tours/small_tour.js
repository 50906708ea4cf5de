import { registry } from "@web/core/registry";

function counter(phase, number) {
    return {
        content: `${number} in ${phase}`,
        trigger: `.o_search_panel_category_value:contains(${phase}) .o_search_panel_counter:contains(${number})`,
    };
}

registry.category("web_tour.tours").add("crm_collection_move_undo", {
    steps: () => [
        counter("Phase 1", "1"),
        {
            trigger: ".o_data_row:contains(Adler GmbH) .o_list_record_selector input",
            run: "click",
        },
        {
            trigger: ".o_control_panel button[name=action_maintain]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=phase_id] input",
            run: "edit Phase 2",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(Phase 2) a",
            run: "click",
        },
        {
            content: "It is day 5, and the rule leads there on day 10",
            trigger: ".modal .alert-danger:contains(Ahead of their days)",
        },
        {
            trigger: ".modal .o_field_widget[name=reason] input",
            run: "edit By mistake",
        },
        {
            trigger: ".modal footer button[name=action_apply]:visible",
            run: "click",
        },
        counter("Phase 2", "1"),
        {
            trigger: ".o_notification button:contains(Undo)",
            run: "click",
        },
        counter("Phase 1", "1"),
        {
            trigger: ".o_data_row:contains(Adler GmbH):contains(Phase 1)",
        },
    ],
});

registry.category("web_tour.tours").add("crm_collection_phone", {
    steps: () => [
        {
            trigger: ".o_kanban_view .o_kanban_record:contains(Adler GmbH)",
            async run({ anchor }) {
                await new Promise((resolve) => setTimeout(resolve, 500));
                const { left, right } = anchor.getBoundingClientRect();
                if (left < 0 || right > window.innerWidth) {
                    throw new Error(`The card is not on the screen: ${left} to ${right}`);
                }
            },
        },
    ],
});
