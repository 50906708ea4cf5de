import { registry } from "@web/core/registry";
import { _t } from "@web/core/l10n/translation";

const INBOX = "crm_collection.crm_collection_approval_action";

/** The first hour of an approver: what he is asked, and what it would do; nothing is decided. */
registry.category("web_tour.tours").add("crm_collection_first_hour_approver", {
    url: `/odoo/action-${INBOX}`,
    steps: () => [
        {
            content: _t(
                "What waits for you. Open a request: who asks, for what, and what it would do."
            ),
            trigger: ".o_list_view .o_data_row:first .o_data_cell:first",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            content: _t(
                "The letter that would leave, word for word. If anybody changes it after you agreed, you are asked again."
            ),
            trigger: ".o_form_view .nav-link[name=letter]",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            content: _t(
                "Approve and Refuse stand here and in the chatter, beside what is known of it; who asked cannot decide. Decide now or later: the requests are always here."
            ),
            trigger:
                ".o_menu_sections [data-menu-xmlid='crm_collection.crm_collection_menu_approve']",
            tooltipPosition: "bottom",
            run: "click",
        },
        {
            trigger: ".o_list_view .o_data_row",
        },
    ],
});
