import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";

const MENU = "crm_collection.crm_collection_menu";

/** Through the menu of everything that is set up. */
const configuration = (menu, why, what) => [
    {
        content: why,
        trigger: `button[data-menu-xmlid='${MENU}_configuration']`,
        tooltipPosition: "bottom",
        run: "click",
    },
    {
        content: what,
        trigger: `a[data-menu-xmlid='${MENU}_${menu}']`,
        tooltipPosition: "right",
        run: "click",
    },
];

/** The first hour of a manager: what is missing, the rule that decides, and a day to come. */
registry.category("web_tour.tours").add("crm_collection_first_hour_manager", {
    url: "/odoo/collection-work",
    steps: () => [
        ...configuration(
            "start",
            _t("Phases, rules and everything else that is set up is in here."),
            _t("What there is to look at before the first letter leaves, from top to bottom.")
        ),
        {
            trigger: ".o_form_view button[name=action_open]",
        },
        ...configuration(
            "rule",
            _t("Each line says what is missing and leads there. Now to what decides."),
            _t("A rule says after how many days a customer is in which phase.")
        ),
        {
            content: _t("Open one, and look at its steps and the days between them."),
            trigger: ".o_list_view .o_data_row:first .o_data_cell[name=name]",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            content: _t(
                "See what a day to come would do, before it does: items that move, letters that leave, what would wait for approval. Nothing is written."
            ),
            trigger: ".o_form_view button[name=action_simulate]",
            tooltipPosition: "bottom",
            run: "click",
        },
    ],
});
