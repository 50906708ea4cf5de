import { Component } from "@odoo/owl";
import {
    deserializeDate,
    deserializeDateTime,
    toLocaleDateString,
    toLocaleDateTimeString,
} from "@web/core/l10n/dates";
import { _t } from "@web/core/l10n/translation";
import { registry } from "@web/core/registry";
import { formatMonetary } from "@web/views/fields/formatters";
import { standardFieldProps } from "@web/views/fields/standard_field_props";

const ORIGIN_ICONS = {
    automatic: "fa-cog",
    manual: "fa-hand-o-right",
    approval: "fa-check-square-o",
    opening: "fa-flag",
};

function countDays(from, until) {
    const days = Math.floor((until || luxon.DateTime.now()).diff(from, "days").days);
    return days === 1 ? _t("1 day") : _t("%s days", Math.max(days, 0));
}

function countLetters(count) {
    if (!count) {
        return _t("no letter");
    }
    return count === 1 ? _t("1 letter") : _t("%s letters", count);
}

/**
 * @param {Object} data values of an allocation (crm.collection.allocation), dates as luxon objects
 * @param {Object} fields its fields, for the labels of selections
 * @returns {Object} what the timeline shows of it
 */
export function prepareAllocation(data, fields) {
    const label = (name) =>
        (fields[name].selection.find(([value]) => value === data[name]) || [])[1] || "";
    const currencyId = data.company_currency_id?.id;
    const money = (name) => formatMonetary(data[name], { currencyId });
    return {
        name: data.name || "",
        isCurrent: !data.date_out,
        phase: data.phase_id?.display_name || "",
        phaseClass: data.phase_id?.color ? `o_badge_color_${data.phase_id.color}` : "text-bg-200",
        dateIn: data.date_in ? toLocaleDateTimeString(data.date_in) : "",
        dateOut: data.date_out ? toLocaleDateTimeString(data.date_out) : "",
        dateSettled: data.date_settled ? toLocaleDateString(data.date_settled) : "",
        duration: data.date_in ? countDays(data.date_in, data.date_out) : "",
        icon: ORIGIN_ICONS[data.origin] || "fa-circle-o",
        origin: label("origin"),
        user: (data.origin !== "automatic" && data.user_id?.display_name) || "",
        reason: data.reason || "",
        reasonOut: label("reason_out"),
        isSettled: data.reason_out === "settled",
        amountIn: money("amount_in"),
        amountSettled: data.amount_settled ? money("amount_settled") : "",
        days: data.days_in,
        letters: countLetters(data.letter_count),
    };
}

/** Turn values read through the ORM into those of a record of the web client. */
export function parseAllocation(values) {
    return {
        ...values,
        date_in: values.date_in && deserializeDateTime(values.date_in),
        date_out: values.date_out && deserializeDateTime(values.date_out),
        date_settled: values.date_settled && deserializeDate(values.date_settled),
    };
}

/** The allocations of items in their phases, newest first, as a story anyone can follow. */
export class AllocationTimeline extends Component {
    static template = "crm_collection.AllocationTimeline";
    static props = { allocations: Array, showName: { type: Boolean, optional: true } };
}

/** What it reads is named by the list inside the field, as for any one2many. */
export class AllocationTimelineField extends Component {
    static template = "crm_collection.AllocationTimelineField";
    static components = { AllocationTimeline };
    static props = { ...standardFieldProps };

    get allocations() {
        const { records } = this.props.record.data[this.props.name];
        return records.map((record) => ({
            id: record.id,
            ...prepareAllocation(record.data, record.fields),
        }));
    }
}

registry.category("fields").add("crm_collection_allocation_timeline", {
    component: AllocationTimelineField,
    displayName: _t("Collection history"),
    supportedTypes: ["one2many"],
    additionalClasses: ["w-100"],
});
