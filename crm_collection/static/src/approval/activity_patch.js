import { Activity as ActivityModel } from "@mail/core/common/activity_model";
import { Thread } from "@mail/core/common/thread_model";
import { Activity } from "@mail/core/web/activity";
import { ActivityListPopoverItem } from "@mail/core/web/activity_list_popover_item";
import { ActivityMenu } from "@mail/core/web/activity_menu";
import { patch } from "@web/core/utils/patch";
import { CollectionDecision } from "./collection_decision";

const CATEGORY = "collection_approval";
const MODEL = "crm.collection.approval";
const INBOX = "crm_collection.crm_collection_approval_action";

patch(ActivityModel.prototype, {
    setup() {
        super.setup(...arguments);
        /** @type {Object|false|undefined} what the buttons of a request need */
        this.collection_approval = undefined;
    },
});

patch(Thread.prototype, {
    setup() {
        super.setup(...arguments);
        /** @type {Object[]|undefined} requests about it that are on nobody's list */
        this.collection_approvals = undefined;
    },
});

Object.assign(Activity.components, { CollectionDecision });
Object.assign(ActivityListPopoverItem.components, { CollectionDecision });

patch(Activity.prototype, {
    get isCollectionApproval() {
        return this.props.activity.activity_category === CATEGORY;
    },
    /** Whether this is the chatter of something else than the request. */
    get isCollectionElsewhere() {
        return this.shownThread?.model !== MODEL;
    },
    /** The thread of the chatter, which is not always that of the activity. */
    get shownThread() {
        return this.env.inChatter?.thread ?? this.thread;
    },
    async onCollectionDecided() {
        const thread = this.shownThread;
        const { onActivityChanged, reloadParentView } = this.props;
        await reloadParentView?.();
        onActivityChanged(thread);
    },
});

patch(ActivityListPopoverItem.prototype, {
    get isCollectionApproval() {
        return this.props.activity.activity_category === CATEGORY;
    },
    get hasCancelButton() {
        return !this.isCollectionApproval && super.hasCancelButton;
    },
    get hasEditButton() {
        return !this.isCollectionApproval && super.hasEditButton;
    },
    get hasMarkDoneButton() {
        return !this.isCollectionApproval && super.hasMarkDoneButton;
    },
    async onCollectionDecided() {
        await this.props.onActivityChanged?.();
    },
});

patch(ActivityMenu.prototype, {
    /** What is to be approved opens in the inbox, whatever its day. */
    openActivityGroup(group, filter, newWindow) {
        if (group.model !== MODEL) {
            return super.openActivityGroup(...arguments);
        }
        this.dropdown.close();
        this.action.doAction(INBOX, { newWindow, clearBreadcrumbs: true });
    },
});
