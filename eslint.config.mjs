import js from "@eslint/js";
import * as regexp from "eslint-plugin-regexp";
import tseslint from "typescript-eslint";

export default tseslint.config(
  { ignores: ["dist/", "node_modules/", ".vb365/"] },
  js.configs.recommended,
  {
    // What comes from a server or a file must not be able to make an expression slow.
    files: ["provider/**", "evidence/**", "cli/**", "sdk/**", "simulator/**"],
    plugins: { regexp },
    rules: {
      "regexp/no-super-linear-backtracking": ["error", { report: "potential" }],
      "regexp/no-super-linear-move": "error",
    },
  },
  {
    files: ["**/*.ts"],
    extends: [...tseslint.configs.recommendedTypeChecked],
    languageOptions: { parserOptions: { projectService: true } },
    rules: {
      "@typescript-eslint/no-explicit-any": "error",
      "@typescript-eslint/no-require-imports": ["error", { allowAsImport: true }],
      "@typescript-eslint/consistent-type-imports": "error",
      "@typescript-eslint/no-floating-promises": "error",
      "@typescript-eslint/switch-exhaustiveness-check": ["error", { considerDefaultExhaustiveForUnions: true }],
      "@typescript-eslint/no-unused-vars": ["error", { argsIgnorePattern: "^_", ignoreRestSiblings: true }],
      "@typescript-eslint/restrict-template-expressions": ["error", { allowNumber: true, allowBoolean: true }],
      // Host methods answer a promise because the engine's protocol does, whether or not they wait for something.
      "@typescript-eslint/require-await": "off",
      // Factories return objects of functions that close over their state; none of them uses `this`.
      "@typescript-eslint/unbound-method": "off",
    },
  },
  {
    // Runs in a browser; which names are there, its own tsconfig.json knows better than a list here.
    files: ["evidence/page/browser.js"],
    rules: { "no-undef": "off" },
  },
  {
    files: ["tools/**", "*.mjs", "*.cjs", "examples/**/*.mjs"],
    languageOptions: {
      globals: {
        process: "readonly",
        console: "readonly",
        URL: "readonly",
        Buffer: "readonly",
        setTimeout: "readonly",
        clearTimeout: "readonly",
        setInterval: "readonly",
        clearInterval: "readonly",
        module: "writable",
        __filename: "readonly",
        require: "readonly",
        AbortController: "readonly",
        AbortSignal: "readonly",
        fetch: "readonly",
      },
    },
  },
);
