/* global axe */
/**
 * What somebody would see who looked at a page: texts that are cut, pages that scroll sideways, and
 * with axe-core what some people cannot use. It belongs to no bundle: the tests and ./dev axe put it
 * into the page they look at.
 */
(() => {
    const OURS = "[class*='o_crm_'], [name*='collection'], [id*='collection']";
    const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];
    // what says of what colour something is
    const COLOURED =
        /^(alert|bg|btn|link|o_badge|opacity|text-(\d|bg|black|body|danger|dark|info|light|muted|primary|secondary|success|warning|white))/;
    // rules about labels: of a field its name tells, not what it looks like
    const LABELS = /^(label|select-name|aria-input-field-name)$/;
    // boxes that texts stay within; what is in none of them stays on the page
    const BOXES =
        "td, th, li, section, .alert, .badge, .btn, .card, .modal-content, .o_form_sheet, " +
        ".o_kanban_record, .o_inner_group > *, .o_crm_cockpit_card, .o_crm_desk_line > *";
    // what is meant to be moved sideways with a finger
    const MOVED =
        ".o_pivot, .o_graph_view, .o_calendar_view, .o_activity_view, .o_kanban_grouped, " +
        ".o_field_x2many .o_list_renderer, .o_notebook_headers, .o_statusbar_status, " +
        ".o_crm_desk_buckets, .o_crm_collection_steps, .o_crm_collection_letter_body, " +
        "[name=letter_body], pre, textarea";
    const NOT_SEEN =
        "script, style, option, .visually-hidden, .o_hidden, .o-mail-ChatHub, .o_navbar, " +
        ".o_control_panel_breadcrumbs, .o_kanban_header, .o-mail-Chatter, " +
        ".o_skip_to_content, .o_calendar_container, .o_field_CopyClipboardChar";
    // core's own components, whatever records they show
    const CORE_PARTS =
        ".o_searchview, .o_calendar_container, .o_kanban_header, .o_loading_indicator, .o_tag, " +
        ".o_clipboard_button, .o_field_daterange, .o_data_cell .o-checkbox, .o-mail-Avatar, " +
        ".o-mail-Activity, .o-mail-ActivityButton, .o-mail-Message-content ul, " +
        ".o_field_many2many_tags_email, .o-mail-Message-body > em";
    const LEEWAY = 2; // pixels

    function isSeen(el) {
        return (
            el.checkVisibility({ checkOpacity: true, checkVisibilityCSS: true }) &&
            !el.closest(NOT_SEEN)
        );
    }

    function describe(el) {
        const parts = [];
        for (let node = el; node && parts.length < 4; node = node.parentElement) {
            const classes = [...node.classList].slice(0, 3).map((name) => `.${name}`);
            const name = node.getAttribute("name");
            parts.unshift(node.localName + classes.join("") + (name ? `[${name}]` : ""));
        }
        return parts.join(" > ");
    }

    // === Texts that are cut ===

    function* getTexts(root) {
        const walker = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
        while (walker.nextNode()) {
            const node = walker.currentNode;
            if (node.data.trim() && node.parentElement && isSeen(node.parentElement)) {
                yield node;
            }
        }
    }

    /** Whether who points at a text that is cut can read it. */
    function isTold(node) {
        const text = node.data.trim();
        for (let el = node.parentElement; el; el = el.parentElement) {
            if (`${el.title || ""} ${el.dataset?.tooltip || ""}`.includes(text)) {
                return true;
            }
        }
        return false;
    }

    function isBeyond(text, box) {
        return text.right > box.right + LEEWAY || text.left < box.left - LEEWAY;
    }

    /** How a text is cut: false where it is not, or where it can be read by scrolling. */
    function getCut(node) {
        const range = document.createRange();
        range.selectNodeContents(node);
        const text = range.getBoundingClientRect();
        if (!text.width) {
            return false;
        }
        if (innerWidth < 768 && node.parentElement.closest(".o_list_table thead")) {
            return false; // a list of core's on a phone
        }
        for (let box = node.parentElement; box; box = box.parentElement) {
            const { overflowX, overflowY } = getComputedStyle(box);
            if (/auto|scroll/.test(overflowX) || box.matches(".o_content")) {
                return false;
            }
            const rect = box.getBoundingClientRect();
            const isClipped = /hidden|clip/.test(overflowX);
            if (rect.width && isBeyond(text, rect)) {
                if (isClipped && !isTold(node)) {
                    return "cut";
                }
                if (isClipped) {
                    return false;
                }
                if (box.matches(BOXES)) {
                    return "beyond its box";
                }
            }
            if (/hidden|clip/.test(overflowY) && text.bottom > rect.bottom + 2 * LEEWAY) {
                return isTold(node) ? false : "cut below";
            }
        }
        return text.right > innerWidth + LEEWAY ? "beyond the page" : false;
    }

    function findCut(root) {
        const found = [];
        for (const node of getTexts(root)) {
            const how = getCut(node);
            if (how) {
                const text = node.data.trim().slice(0, 60);
                found.push(`${how}: "${text}" in ${describe(node.parentElement)}`);
            }
        }
        return found;
    }

    // === Pages that scroll sideways ===

    function findSideways(root) {
        if (innerWidth >= 768) {
            return [];
        }
        const page = document.documentElement;
        const moving = [...root.querySelectorAll("*"), root].filter(
            (el) =>
                el.scrollWidth > el.clientWidth + LEEWAY &&
                el.clientWidth &&
                /auto|scroll/.test(getComputedStyle(el).overflowX) &&
                !el.closest(MOVED) &&
                isSeen(el)
        );
        const found = moving.map((el) => `scrolls sideways: ${describe(el)}`);
        if (page.scrollWidth > innerWidth + LEEWAY) {
            found.push("the whole page scrolls sideways");
        }
        return found;
    }

    // === What some people cannot use ===

    function getKey(rule, el, data) {
        const names = [...el.classList];
        if (rule.includes("contrast")) {
            let [told, node] = [[], el];
            for (let up = 0; node && up < 6 && !told.length; up++, node = node.parentElement) {
                told = [...node.classList].filter((name) => COLOURED.test(name));
            }
            return [rule, told.sort().join("."), data?.fgColor].join(" ");
        }
        const told = names.filter((name) => !/\d|active|focus|show/.test(name)).sort();
        const field = LABELS.test(rule) ? el.closest(".o_field_widget, .o_setting_box") : null;
        return [rule, el.localName, told.join("."), field?.getAttribute("name") || ""].join(" ");
    }

    /**
     * @param {string[]} core keys of what core's own screens have
     * @returns {Promise<Object[]>} key and words of each violation that is not core's
     */
    async function findViolations(core = []) {
        const { violations } = await axe.run(document, {
            runOnly: RULES,
            resultTypes: ["violations"],
            elementRef: true,
            iframes: false,
        });
        const found = new Map();
        for (const { id, help, nodes } of violations) {
            for (const { any, element, html } of nodes) {
                if (
                    element.closest(CORE_PARTS) &&
                    !element.closest("[class*='o_crm_collection_decision']")
                ) {
                    continue;
                }
                const data = any[0]?.data;
                const key = getKey(id, element, data);
                const ratio = data?.contrastRatio ? ` ${data.contrastRatio}:1` : "";
                const where = describe(element);
                const isOurs = Boolean(element.closest(OURS));
                const words = `${help}${ratio}: ${where} ${html.slice(0, 160)}`;
                found.set(key, { key, isOurs, words });
            }
        }
        return [...found.values()].filter(({ key }) => !core.includes(key));
    }

    // === All of it ===

    /** What is looked at: a dialog where there is one, else the page below the navigation bar. */
    function getRoot() {
        const dialogs = document.querySelectorAll(".modal .modal-content");
        return (
            dialogs[dialogs.length - 1] ||
            document.querySelector(".o_action_manager .o_content") ||
            document.body
        );
    }

    /** @param {string} [within] what is looked at, where that is less than the page */
    function findPoor(within) {
        const root = (within && document.querySelector(within)) || getRoot();
        const { content } = getComputedStyle(document.body, "::before");
        const unstyled = content.includes("css error") ? ["a stylesheet cannot be compiled"] : [];
        return [...unstyled, ...findSideways(root), ...findCut(root)];
    }

    window.crmCollectionLooks = { findPoor, findViolations };
})();
