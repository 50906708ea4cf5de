import { TextPreviewWidget } from "@crm_collection/letter_text/text_preview";
import { patch } from "@web/core/utils/patch";

/** The SMS that is typed is shown, too. */
patch(TextPreviewWidget.prototype, {
    getTyped(data) {
        return { ...super.getTyped(data), default_typed_sms: data.collection_sms_text || "" };
    },
});
