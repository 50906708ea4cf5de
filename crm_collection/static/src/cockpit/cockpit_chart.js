/* global Chart */
import { Component, onWillStart, onWillUnmount, useEffect, useRef } from "@odoo/owl";
import { loadBundle } from "@web/core/assets";

/**
 * A chart of Chart.js whose bars or slices open what is behind them. It repeats what stands
 * beside it as text, so it is hidden from screen readers and keyboards.
 */
export class CockpitChart extends Component {
    static template = "crm_collection.CockpitChart";
    static props = {
        type: String,
        labels: Array,
        values: Array,
        colors: Array,
        format: Function,
        formatAxis: { type: Function, optional: true },
        onSelect: Function,
    };

    setup() {
        this.canvasRef = useRef("canvas");
        onWillStart(() => loadBundle("web.chartjs_lib"));
        useEffect(
            () => this.draw(),
            () => [JSON.stringify([this.props.labels, this.props.values, this.props.colors])]
        );
        onWillUnmount(() => this.chart?.destroy());
    }

    draw() {
        this.chart?.destroy();
        this.chart = new Chart(this.canvasRef.el, {
            type: this.props.type,
            data: {
                labels: this.props.labels,
                datasets: [
                    {
                        data: this.props.values,
                        backgroundColor: this.props.colors,
                        borderWidth: 0,
                        borderRadius: this.props.type === "bar" ? 4 : 0,
                        maxBarThickness: 72,
                    },
                ],
            },
            options: this.getOptions(),
        });
    }

    getOptions() {
        const isBar = this.props.type === "bar";
        return {
            animation: false,
            maintainAspectRatio: false,
            cutout: "68%",
            onClick: (ev, [element]) => element && this.props.onSelect(element.index),
            onHover: (ev, [element]) => {
                ev.native.target.style.cursor = element ? "pointer" : "default";
            },
            plugins: {
                legend: { display: false },
                tooltip: {
                    displayColors: false,
                    callbacks: { label: ({ dataIndex }) => this.props.format(dataIndex) },
                },
            },
            scales: isBar ? this.getScales() : {},
        };
    }

    /** The colours of the page it stands on, light or dark. */
    getScales() {
        const color = getComputedStyle(this.canvasRef.el).color;
        const line = `color-mix(in srgb, ${color} 12%, transparent)`;
        return {
            x: { grid: { display: false }, border: { color: line }, ticks: { color } },
            y: {
                beginAtZero: true,
                border: { display: false },
                grid: { color: line },
                ticks: { color, maxTicksLimit: 5, callback: this.props.formatAxis },
            },
        };
    }
}
