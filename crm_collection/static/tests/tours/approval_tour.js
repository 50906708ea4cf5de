import { registry } from "@web/core/registry";
import { stepUtils } from "@web_tour/tour_utils";

const tours = registry.category("web_tour.tours");
const add = (name, steps) => tours.add(`crm_collection_approval_${name}`, { steps: () => steps });
const chatter = ".o-mail-Chatter .o-mail-Activity";
const banner = ".o_crm_collection_approval_banner";
const inbox = ".o_list_view .o_data_row";
const click = (trigger, content) => ({ trigger, content, run: "click" });
const see = (trigger, content) => ({ trigger, content });
const write = (trigger, text) => ({ trigger, run: `edit ${text}` });
const none = (selector, content) => see(`body:not(:has(${selector}))`, content);

// === Approval of a phase === //

add("ask_definition", [
    see(".alert:contains(does nothing until it is approved)"),
    click("button[name=action_request_approval]", "The manager asks"),
    see(".o_statusbar_status .o_arrow_button_current:contains(Pending)"),
    see(`${chatter} .o_crm_collection_locked:contains(Who asked for the approval cannot give it)`),
    none(".o_crm_collection_approve, button[name=action_ask_approve]", "He cannot decide himself"),
    none(".o-mail-Activity-markDone, .o-mail-Activity-edit", "Finishing it is not offered"),
]);

add("give_definition", [
    see("button[name=action_ask_approve]"),
    none(".o-mail-Activity-markDone, .o-mail-Activity-edit"),
    click(`${chatter} .o_crm_collection_approve`, "The approver agrees in the chatter"),
    see(".o_statusbar_status .o_arrow_button_current:contains(Approved)"),
    see(".o-mail-Message:contains(Approved)", "The decision stands in the chatter"),
    none(".o_crm_collection_approve"),
]);

add("propose_definition", [
    click("div[name=allocation_mode] input[data-value=manual]", "The manager changes it"),
    click(".o_form_button_save"),
    see(".alert:contains(A change waits for approval)"),
    see(".o_crm_collection_changes td:contains(Automatic)"),
    see(
        ".o_crm_collection_changes td:contains(Manual only)",
        "In force and proposed, side by side"
    ),
    see("div[name=allocation_mode] input[data-value=automatic]:checked", "In force: as it was"),
]);

// === An invoice with three installments === //

add("ask_invoice", [
    click(".nav-link[name=collection]"),
    click("button[name=action_collection_maintain]"),
    click(".modal div[name=phase_id] input"),
    click(".o-autocomplete--dropdown-item:contains(Phase 3)"),
    see(".modal .alert:contains(wait for approval)", "What will happen is said before"),
    write(".modal div[name=reason] input", "Does not answer"),
    click(".modal button[name=action_apply]:contains(Ask for Approval)"),
    see(`body:not(:has(.modal)) ${banner}:contains(Phase 3)`),
    see(`${banner} .o_crm_collection_locked`, "Who asked cannot decide"),
    see(`${banner}:contains(3 open items)`),
]);

add("give_invoice", [
    see(`${banner}:contains(Phase 3) .o_crm_collection_approve`),
    see(`${chatter}:contains(Phase 3: Adler GmbH) .o_crm_collection_approve`),
    none(".o-mail-Activity-markDone"),
    click(`${banner} .o_crm_collection_approve`, "The reason is asked for in place"),
    see(`${banner} .o_crm_collection_confirm:disabled`),
    write(`${banner} textarea`, "Seen the file"),
    click(`${banner} .o_crm_collection_confirm`),
    none(banner, "Nothing waits any more"),
    see(".o-mail-Message:contains(Seen the file):contains(Phase 3)"),
    none(".o_crm_collection_approve"),
    see(".o_form_view :focus", "Who decided by keyboard goes on nearby"),
]);

// === Two levels === //

add("first_level", [
    click(`${inbox}:contains(Adler GmbH) .o_data_cell`),
    see(".o_crm_collection_levels .o_now:contains(Desk)"),
    see(".o_crm_collection_levels li:contains(Board):contains(second)"),
    click(".nav-link[name=letter]", "The letter to come, without leaving"),
    see("div[name=letter_body]:contains(Adler GmbH)"),
    click("button[name=action_ask_approve]"),
    see(".o_crm_collection_levels .o_now:contains(Board)"),
    see(".o_crm_collection_levels li:contains(Desk):contains(Approved)"),
    none("button[name=action_ask_approve]", "One person decides once"),
    see(".alert:contains(You have decided already)"),
]);

add("second_level", [
    see(`${chatter} .o_crm_collection_approve`, "On the customer"),
    click(`${chatter} .o_crm_collection_approve`),
    none(".o_crm_collection_approve"),
]);

// === Popover, refusal and its memory === //

add("refuse", [
    click(`${inbox}:contains(Adler GmbH) .o-mail-ActivityButton`),
    see(".o-mail-ActivityListPopoverItem .o_crm_collection_approve"),
    none(
        ".o-mail-ActivityListPopoverItem-markAsDone, .o-mail-ActivityListPopoverItem-editbtn, .o-mail-ActivityListPopoverItem-cancel"
    ),
    click(".o-mail-ActivityListPopoverItem .o_crm_collection_refuse"),
    write(".o-mail-ActivityListPopoverItem textarea", "Call them first"),
    click(".o-mail-ActivityListPopoverItem .o_crm_collection_confirm"),
    see(".o_notification:contains(Refused: )"),
]);

add("refused_open_item", [
    see(".o_crm_collection_explanation:contains(Call them first)"),
    see(".o_crm_collection_explanation:contains(It is not asked again)"),
    none(banner),
]);

// === The systray === //

add("systray", [
    see(".o_menu_systray .o-mail-ActivityMenu-counter:contains(1)", "How many wait"),
    click(".o_menu_systray i.fa-clock-o"),
    click(".o-mail-ActivityGroup[data-model_name='crm.collection.approval']"),
    see(".o_searchview_facet:contains(For Me)", "The inbox, filtered"),
    see(`${inbox}:contains(Adler GmbH)`),
]);

// === Many at once === //

add("many", [
    see(`.o_pager_limit:contains(90)`),
    click(".o_list_view thead .o_list_record_selector input"),
    click(".o_select_domain, .o_control_panel button:contains(Select all)"),
    click("button[name=action_ask_approve]"),
    see(".modal .alert:contains(90 requests)"),
    write(".modal div[name=reason] textarea", "Board decision of today"),
    click(".modal button[name=action_decide]:contains(Approve)"),
    { trigger: ".o_notification:contains(90 requests approved)", timeout: 60000 },
    see(".o_view_nocontent:contains(Nothing waits for your decision)"),
]);

// === Who has no part in it === //

add("manager", [
    see(`${banner} .o_crm_collection_locked`, "Why there are no buttons"),
    none(".o_crm_collection_approve, .o_crm_collection_refuse"),
]);

add("outsider", [
    see(".o_form_view .o-mail-Chatter"),
    see(".o-mail-Chatter .o-mail-Thread"),
    none(".o_crm_collection_decision"),
    stepUtils.showAppsMenuItem(),
    see(".o-dropdown--menu"),
    none(".o_app[data-menu-xmlid='crm_collection.crm_collection_menu']"),
]);

// === Dragging a card asks === //

const column = (phase) => `.o_kanban_group:has(.o_column_title:contains(${phase}))`;
const card = (phase) => `${column(phase)} .o_kanban_record:contains(Adler GmbH)`;

add("drag", [
    click(".o_switch_view.o_kanban"),
    { trigger: card("Phase 2"), run: `drag_and_drop(${column("Phase 3")})` },
    see(".modal .alert:contains(wait for approval)"),
    write(".modal div[name=reason] input", "Does not answer"),
    click(".modal button[name=action_apply]:contains(Ask for Approval)"),
    see(".o_notification:contains(One open item awaits approval to enter Phase 3)"),
    see(`${card("Phase 2")}:contains(Awaiting approval)`, "The card stays, and says so"),
]);
