import { registry } from "@web/core/registry";

registry.category("web_tour.tours").add("crm_collection_role_user", {
    steps: () => [
        {
            content: "Holds are of every day, and not under Configuration",
            trigger: ".o_menu_sections [data-menu-xmlid='crm_collection.crm_collection_menu_hold']",
        },
        {
            content: "From the item to its customer",
            trigger: "div[name=partner_id] .o_form_uri, div[name=partner_id] a",
            run: "click",
        },
        {
            content: "Its address was missing",
            trigger: ".o_form_view .o_field_widget[name=email] input",
            run: "edit accounts@adler.example",
        },
        {
            trigger: ".o_notebook_headers a[name=collection]",
            run: "click",
        },
        {
            content: "Who collects",
            trigger: ".o_field_widget[name=collection_user_id] input",
            run: "edit collector (",
        },
        {
            trigger: ".o-autocomplete--dropdown-item:contains(collector) a",
            run: "click",
        },
        {
            trigger: ".o_notebook_headers a[name=contact_addresses]",
            run: "click",
        },
        {
            content: "Somebody who gets the letters",
            trigger: ".o_field_widget[name=child_ids] .o-kanban-button-new",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=type] input[data-value=collection]",
            run: "click",
        },
        {
            trigger: ".modal .o_field_widget[name=name] input",
            run: "edit Dunning desk",
        },
        {
            trigger: ".modal .o_field_widget[name=email] input",
            run: "edit dunning@adler.example",
        },
        {
            trigger: ".modal .o_form_button_save",
            run: "click",
        },
        {
            trigger: "body:not(:has(.modal)) .o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))",
        },
        {
            content: "And a note",
            trigger: ".o-mail-Chatter-logNote",
            run: "click",
        },
        {
            trigger: ".o-mail-Composer-input",
            run: "edit Called: pays on Friday",
        },
        {
            trigger: ".o-mail-Composer-send:enabled",
            run: "click",
        },
        {
            trigger: ".o-mail-Message:contains(Called: pays on Friday)",
        },
    ],
});

registry.category("web_tour.tours").add("crm_collection_role_manager", {
    steps: () => [
        {
            trigger: "button[data-menu-xmlid='crm_collection.crm_collection_menu_configuration']",
            run: "click",
        },
        {
            trigger: "a[data-menu-xmlid='crm_collection.crm_collection_menu_settings']",
            run: "click",
        },
        {
            content: "Letters leave by themselves: not any more",
            trigger: ".o_field_widget[name=collection_auto_send] input:checked",
            run: "click",
        },
        {
            trigger: ".o_field_widget[name=collection_quiet_days] input",
            run: "edit 3 && press Tab",
        },
        {
            trigger: ".o_form_button_save",
            run: "click",
        },
        {
            trigger: ".o_form_saved, .o_form_view:not(:has(.o_form_button_save:visible))",
        },
    ],
});
