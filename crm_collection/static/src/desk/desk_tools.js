import { formatCurrency } from "@web/core/currency";
import { _t } from "@web/core/l10n/translation";

// As the lists of customers number their lines.
const ID_FACTOR = 65536;

export function money(amount, currencyId) {
    return formatCurrency(amount, currencyId);
}

export function badgeClass(phase) {
    return phase.color ? `o_badge_color_${phase.color}` : "text-bg-200";
}

/** @returns {string} what a telephone is given to dial, as core's field of numbers says it */
export function phoneUrl(phone) {
    return `tel:${phone.replace(/\s+/g, "")}`;
}

/** The page of the customer of a line, or of any `{ partner_id, company_id }`. */
export function customerAction({ partner_id, company_id, name }) {
    return {
        type: "ir.actions.client",
        tag: "crm_collection.customer",
        name: name || _t("Customer"),
        path: "collection-customer",
        params: { partner_id, company_id },
    };
}

/** The dialog in which a call is logged, about some open items or all that is overdue. */
export function logAction({ partner_id, company_id }, itemIds = [], values = {}) {
    const selection = itemIds.length
        ? { active_model: "crm.collection.item", active_ids: itemIds }
        : {
              active_model: "crm.collection.customer",
              active_ids: [partner_id * ID_FACTOR + company_id],
          };
    return {
        type: "ir.actions.act_window",
        name: _t("Log a Contact"),
        res_model: "crm.collection.contact.log",
        views: [[false, "form"]],
        target: "new",
        context: {
            ...selection,
            default_partner_id: partner_id,
            default_company_id: company_id,
            ...Object.fromEntries(
                Object.entries(values).map(([key, value]) => [`default_${key}`, value])
            ),
        },
    };
}
