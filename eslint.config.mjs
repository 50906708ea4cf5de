/** The rules of JavaScript: ESLint's recommended ones and Odoo's own. Layout is prettier's. */

import { createRequire } from "node:module";

// not `import`: the packages are in the cache of ./dev, and NODE_PATH says where
const require = createRequire(import.meta.url);
const js = require("@eslint/js");
const globals = require("globals");

const COMPONENT = "ClassDeclaration[superClass.name='Component']";

export default [
    js.configs.recommended,
    {
        linterOptions: { reportUnusedDisableDirectives: "error" },
    },
    {
        files: ["crm_collection/static/**/*.js"],
        languageOptions: {
            ecmaVersion: 2022,
            sourceType: "module",
            globals: { ...globals.browser, luxon: "readonly", odoo: "readonly" },
        },
        rules: {
            // Odoo calls with more arguments than an override has use for
            "no-unused-vars": ["error", { args: "none", caughtErrors: "all" }],
            "arrow-body-style": ["error", "as-needed"],
            curly: ["error", "all"],
            eqeqeq: "error",
            "no-duplicate-imports": "error",
            // globals of a browser that are a forgotten argument or variable
            "no-restricted-globals": ["error", "event", "self"],
            "prefer-const": ["error", { destructuring: "all", ignoreReadBeforeAssign: true }],
            "no-restricted-syntax": [
                "error",
                { selector: "PrivateIdentifier", message: "A patch cannot reach a private name." },
                {
                    selector: `${COMPONENT}:not(:has(PropertyDefinition[static=true][key.name='props']))`,
                    message: "A component declares its static props.",
                },
                {
                    selector: `${COMPONENT}:not(:has(PropertyDefinition[static=true][key.name='template']))`,
                    message: "A component declares its static template.",
                },
                {
                    selector: "CallExpression[callee.name='_t'] > :first-child[value=/(.*%s){2,}/]",
                    message: "Name the placeholders: translations change their order.",
                },
            ],
        },
    },
];
