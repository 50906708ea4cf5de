import { useState } from "@odoo/owl";
import { patch } from "@web/core/utils/patch";
import { fuzzyLookup } from "@web/core/utils/search";
import { DynamicPlaceholderPopover } from "@web/views/fields/dynamic_placeholder_popover";

const LETTER = "crm.collection.letter";

/**
 * In the text of a letter core's picker of fields shows what letters offer, by plain names and with
 * an example, and nothing else: other fields would be refused when the text is saved, and most of
 * what letters offer is computed, which core's list leaves out.
 */
patch(DynamicPlaceholderPopover.prototype, {
    setup() {
        super.setup();
        this.letterText = useState({ search: "", values: [] });
    },

    get isLetterText() {
        return this.props.resModel === LETTER;
    },

    async _loadAllowedExpressions() {
        if (!this.isLetterText) {
            return super._loadAllowedExpressions();
        }
        this.letterText.values = await this.env.services.orm.call(LETTER, "get_text_values");
    },

    get letterValues() {
        const { search, values } = this.letterText;
        return search
            ? fuzzyLookup(search, values, (value) => `${value.name} ${value.help} ${value.path}`)
            : values;
    },

    /** What is chosen is written as it is: letters have no words for what is empty. */
    insertLetterValue(value) {
        this.props.validate(value.path, "", "char");
        this.props.close();
    },

    onLetterValueKeydown(ev) {
        if (ev.key === "Escape") {
            this.props.close();
        } else if (ev.key === "Enter" && this.letterValues.length) {
            ev.stopPropagation();
            ev.preventDefault();
            this.insertLetterValue(this.letterValues[0]);
        }
    },
});
