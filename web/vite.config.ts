import { existsSync } from "node:fs";
import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vite";
import { darkTwice } from "./build/dark-twice.ts";
import { packed } from "./build/packed.ts";

const here = import.meta.dirname;

/** A page is a folder with an index.html; the tracking page is written by the server and has only a script. */
const PAGES = ["console", "driver", "shop"];

/** Workers that need an address of their own and no hash in it, by the page they belong to. */
const WORKERS = PAGES.filter((page) => existsSync(resolve(here, page, "sw.ts")));

export default defineConfig({
  root: here,
  base: "/",
  publicDir: false,
  plugins: [react(), darkTwice(), packed(PAGES)],
  worker: { format: "es" },
  build: {
    outDir: process.env.DOORSTEP_PAGES ?? resolve(here, "../src/doorstep/app/pages"),
    emptyOutDir: true,
    target: "es2022",
    manifest: "manifest.json",
    modulePreload: { polyfill: false },
    assetsInlineLimit: 0,
    chunkSizeWarningLimit: 1200,
    rolldownOptions: {
      input: {
        ...Object.fromEntries(PAGES.map((page) => [page, resolve(here, page, "index.html")])),
        ...Object.fromEntries(WORKERS.map((page) => [`${page}-sw`, resolve(here, page, "sw.ts")])),
        track: resolve(here, "track/main.ts"),
      },
      output: {
        entryFileNames: (chunk) =>
          chunk.name.endsWith("-sw") ? `${chunk.name.slice(0, -3)}/sw.js` : "assets/[name]-[hash].js",
        chunkFileNames: "assets/[name]-[hash].js",
        assetFileNames: "assets/[name]-[hash][extname]",
      },
    },
  },
});
