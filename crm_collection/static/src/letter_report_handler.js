import { registry } from "@web/core/registry";
import { download } from "@web/core/network/download";
import { getReportUrl } from "@web/webclient/actions/reports/utils";
import { user } from "@web/core/user";

/**
 * The web client asks for wkhtmltopdf before it prints anything. Letters are printed wherever the
 * server has an engine of its own for them; where it has none, the standard answer is given.
 */
registry
    .category("ir.actions.report handlers")
    .add("crm_collection_letter", async (action, options, env) => {
        const isLetter = action.report_name?.startsWith("crm_collection.");
        if (!isLetter || action.report_type !== "qweb-pdf") {
            return false;
        }
        const engine = await env.services.orm.call(
            "ir.actions.report",
            "get_crm_collection_pdf_engine",
            []
        );
        if (!engine) {
            return false;
        }
        env.services.ui.block();
        try {
            const context = { ...user.context, ...action.context };
            await download({
                url: "/report/download",
                data: {
                    data: JSON.stringify([getReportUrl(action, "pdf"), action.report_type]),
                    context: JSON.stringify(context),
                },
            });
        } finally {
            env.services.ui.unblock();
        }
        return true;
    });
