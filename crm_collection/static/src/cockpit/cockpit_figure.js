import { Component } from "@odoo/owl";
import { useService } from "@web/core/utils/hooks";

/** A figure, or anything that stands for one: a button that opens the list behind it. */
export class CockpitFigure extends Component {
    static template = "crm_collection.CockpitFigure";
    static props = {
        figure: Object,
        name: String, // what the figure is, for screen readers
        isNamed: { type: Boolean, optional: true }, // what stands in it says so as well
        class: { optional: true },
        style: { type: String, optional: true },
        tooltip: { type: String, optional: true },
        slots: Object,
    };

    setup() {
        this.action = useService("action");
    }

    open() {
        this.action.doAction(this.props.figure.action);
    }
}
