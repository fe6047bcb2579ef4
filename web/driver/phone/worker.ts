/** Registers the worker that keeps the app on the phone, and hands it what this page has already loaded. */
export function standBy(): void {
  if (!("serviceWorker" in navigator)) return;
  addEventListener("load", () => {
    void (async () => {
      try {
        await navigator.serviceWorker.register("/driver/sw.js", { scope: "/driver" });
        const worker = await navigator.serviceWorker.ready;
        await warm();
        const loaded = performance
          .getEntriesByType("resource")
          .map((entry) => new URL(entry.name))
          .filter((url) => url.origin === location.origin && url.pathname.startsWith("/assets/"))
          .map((url) => url.pathname);
        worker.active?.postMessage({ keep: [...new Set(loaded)] });
      } catch {
        // without a worker the app needs a line to open; everything else is the same
      }
    })();
  });
}

/** What a trip needs later, loaded while there is a line: the map, and the reader of labels. */
async function warm(): Promise<void> {
  await new Promise((go) => setTimeout(go, 1_500));
  await Promise.allSettled([import("../../shared/map/open"), import("../trip/zxing")]);
}
