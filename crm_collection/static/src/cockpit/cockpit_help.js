import { Component } from "@odoo/owl";
import { usePopover } from "@web/core/popover/popover_hook";

class CockpitHelpText extends Component {
    static template = "crm_collection.CockpitHelpText";
    static props = { text: String, close: Function };
}

/**
 * What a card counts, to read on demand: whoever points at the question mark, comes to it by keyboard
 * or touches it reads the same.
 */
export class CockpitHelp extends Component {
    static template = "crm_collection.CockpitHelp";
    static props = { text: String };

    setup() {
        this.popover = usePopover(CockpitHelpText, {
            position: "bottom-end",
            popoverClass: "o_crm_cockpit_help_text",
            role: "tooltip",
            setActiveElement: false, // the focus stays where it is
        });
    }

    open(ev) {
        if (!this.popover.isOpen) {
            this.popover.open(ev.currentTarget, { text: this.props.text });
        }
    }
}
