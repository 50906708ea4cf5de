import { registry } from "@web/core/registry";
import {
    BadgeSelectionField,
    badgeSelectionField,
} from "@web/views/fields/badge_selection/badge_selection_field";

/** One of a few, chosen with one click, and by keyboard: core's badges cannot be reached by it. */
export class BadgesField extends BadgeSelectionField {
    static template = "crm_collection.BadgesField";
}

registry.category("fields").add("crm_collection_badges", {
    ...badgeSelectionField,
    component: BadgesField,
});
