/** How XML, SCSS and JavaScript are laid out; .prettierignore says which files. */

import { createRequire } from "node:module";

// not `import`: the packages are in the cache of ./dev, and NODE_PATH says where
const require = createRequire(import.meta.url);

export default {
    plugins: [require.resolve("@prettier/plugin-xml")],
    tabWidth: 4,
    // as in Python; what cannot be broken (a text, one attribute) stays longer
    printWidth: 100,
    // as in Odoo's own code
    trailingComma: "es5",
    // The white space of a template is seen, and it is in the terms that are translated. "preserve",
    // which OCA uses, adds some where there was none, between a sign and its amount for example;
    // "ignore" wraps texts anew. "strict" breaks lines within tags only.
    xmlWhitespaceSensitivity: "strict",
    // `/>` and `>` follow the last attribute: lines of their own for them would be 1,250 more, and a
    // text that may not move would start on them
    bracketSameLine: true,
    // <field name="x"/>, as in Odoo's own views
    xmlSelfClosingSpace: false,
};
