import { registry } from "@web/core/registry";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";
import { CollectionStatusBanner } from "../status_banner/status_banner";

export class PortfolioListRenderer extends ListRenderer {
    static template = "crm_collection.PortfolioListRenderer";
    static components = { ...ListRenderer.components, CollectionStatusBanner };
}

registry.category("views").add("crm_collection_portfolio_list", {
    ...listView,
    Renderer: PortfolioListRenderer,
});
