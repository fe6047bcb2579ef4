import type { Plugin } from "vite";

const DARK = /:root\[data-theme="dark"\]\s*\{([^}]*)\}/g;

/**
 * Dark values are written once, under `:root[data-theme="dark"]`; this repeats each such block for people whose
 * system is dark and who have not chosen light.
 */
export function darkTwice(): Plugin {
  return {
    name: "dark-twice",
    enforce: "pre",
    transform(code, id) {
      if (!id.split("?")[0]?.endsWith(".css") || !code.includes('data-theme="dark"')) return null;
      return {
        code: code.replace(
          DARK,
          (block, inside: string) =>
            `${block}\n@media (prefers-color-scheme: dark) { :root:not([data-theme="light"]) {${inside}} }`,
        ),
        map: null,
      };
    },
  };
}
