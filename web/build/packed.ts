import { cpSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import type { Plugin } from "vite";

const TEXT = /\.(m?js|css|html|json|svg|webmanifest)$/;
const WORTH_IT = 700;

/**
 * After the build: copies each page's `public` folder beside its index.html, and packs every text once with gzip
 * and brotli, so that the server only picks a file.
 */
export function packed(pages: string[]): Plugin {
  let out = "";
  let root = "";
  return {
    name: "packed",
    apply: "build",
    configResolved(config) {
      root = config.root;
      out = resolve(config.root, config.build.outDir);
    },
    closeBundle() {
      for (const page of pages) {
        const given = join(root, page, "public");
        if (existsSync(given)) cpSync(given, join(out, page), { recursive: true });
      }
      for (const file of walk(out)) {
        const body = readFileSync(file);
        if (!TEXT.test(file) || body.length < WORTH_IT) continue;
        writeFileSync(`${file}.gz`, gzipSync(body, { level: 9 }));
        writeFileSync(
          `${file}.br`,
          brotliCompressSync(body, {
            params: {
              [constants.BROTLI_PARAM_QUALITY]: 11,
              [constants.BROTLI_PARAM_SIZE_HINT]: body.length,
            },
          }),
        );
      }
    },
  };
}

function walk(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}
