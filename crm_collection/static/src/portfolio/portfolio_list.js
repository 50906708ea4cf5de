import { registry } from "@web/core/registry";
import { ListController } from "@web/views/list/list_controller";
import { ListRenderer } from "@web/views/list/list_renderer";
import { listView } from "@web/views/list/list_view";
import { onMounted } from "@odoo/owl";
import { CollectionStatusBanner } from "../status_banner/status_banner";

export class PortfolioListRenderer extends ListRenderer {
    static template = "crm_collection.PortfolioListRenderer";
    static components = { ...ListRenderer.components, CollectionStatusBanner };
}

/**
 * What is done with items changes how many there are in each phase: where the list is read again
 * after it, the numbers beside it are, too.
 */
export class PortfolioListController extends ListController {
    setup() {
        super.setup();
        const load = this.model.load.bind(this.model);
        this.model.load = async (params) => {
            await load(params);
            if (!params) {
                await this.env.searchModel._notify();
            }
        };
        onMounted(() => {
            // the numbers were kept from before what made the page be read again
            if (this.env.config.isReloadingController) {
                this.env.searchModel._notify();
            }
        });
    }
}

registry.category("views").add("crm_collection_portfolio_list", {
    ...listView,
    Controller: PortfolioListController,
    Renderer: PortfolioListRenderer,
});
