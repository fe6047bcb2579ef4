/// <reference lib="webworker" />
import en from "./notices/en.json";
import es from "./notices/es.json";

/**
 * The app on the phone: its shell opens without a line. Nothing of the API is kept here: what was read and what is to
 * be told lies with the page, which knows its age and its order.
 */
const worker = self as unknown as ServiceWorkerGlobalScope;
const SHELL = "doorstep-driver-shell-1";
const ASSETS = "doorstep-driver-assets-1";
const PAGE = "/driver";
const PATIENCE_MS = 3_000;
const MOST_ASSETS = 120;

worker.addEventListener("install", (event) => {
  event.waitUntil(
    (async () => {
      await keepShell(await fetch(PAGE, { cache: "no-cache" }));
      await worker.skipWaiting();
    })(),
  );
});

worker.addEventListener("activate", (event) => {
  event.waitUntil(
    (async () => {
      const known = new Set([SHELL, ASSETS]);
      for (const name of await caches.keys()) {
        if (name.startsWith("doorstep-driver-") && !known.has(name)) await caches.delete(name);
      }
      await worker.clients.claim();
    })(),
  );
});

/** The page, and every asset it names. */
async function keepShell(answer: Response): Promise<void> {
  if (!answer.ok) return;
  const text = await answer.clone().text();
  await (await caches.open(SHELL)).put(PAGE, answer);
  await keepAssets([...text.matchAll(/\/assets\/[\w.-]+/g)].map((match) => match[0]));
}

async function keepAssets(paths: string[]): Promise<void> {
  const cache = await caches.open(ASSETS);
  for (const path of paths) {
    if (!(await cache.match(path))) await cache.add(path).catch(() => undefined);
  }
  const all = await cache.keys();
  for (const old of all.slice(0, Math.max(0, all.length - MOST_ASSETS))) await cache.delete(old);
}

worker.addEventListener("message", (event) => {
  const { keep } = (event.data ?? {}) as { keep?: unknown };
  if (!Array.isArray(keep)) return;
  const paths = keep.filter(
    (path): path is string => typeof path === "string" && path.startsWith("/assets/"),
  );
  event.waitUntil(keepAssets(paths));
});

worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin) return;
  if (request.mode === "navigate" && (url.pathname === PAGE || url.pathname.startsWith(`${PAGE}/`))) {
    event.respondWith(page());
  } else if (url.pathname.startsWith("/assets/")) {
    event.respondWith(asset(request));
  } else if (/^\/public\/v1\/markets\/[^/]+\/base$/.test(url.pathname)) {
    event.respondWith(base(request));
  }
});

/** The newest page if the line is quick, else the kept one. */
async function page(): Promise<Response> {
  const kept = await (await caches.open(SHELL)).match(PAGE);
  const fresh = (async () => {
    const answer = await fetch(PAGE, { cache: "no-cache" });
    if (answer.ok) await keepShell(answer.clone());
    return answer;
  })();
  if (!kept) return fresh;
  const late = new Promise<Response>((resolve) => setTimeout(() => resolve(kept.clone()), PATIENCE_MS));
  return Promise.race([fresh.then((answer) => (answer.ok ? answer : kept)).catch(() => kept), late]);
}

async function asset(request: Request): Promise<Response> {
  const cache = await caches.open(ASSETS);
  const kept = await cache.match(request.url);
  if (kept) return kept;
  const answer = await fetch(request);
  if (answer.ok) await cache.put(request.url, answer.clone());
  return answer;
}

/** The ground of the market hardly changes: the kept one, and the newest for the next time. */
async function base(request: Request): Promise<Response> {
  const cache = await caches.open(SHELL);
  const kept = await cache.match(request.url);
  const fresh = fetch(request).then(async (answer) => {
    if (answer.ok) await cache.put(request.url, answer.clone());
    return answer;
  });
  if (!kept) return fresh;
  fresh.catch(() => undefined);
  return kept;
}

/** What a ring says: which offer waits and until when, in the market's zone; neither name nor address. */
type Ring = { kind?: string; offer?: string; until?: string; zone?: string; lang?: string };
const NOTICE = "offer";

worker.addEventListener("push", (event) => {
  let ring: Ring = {};
  try {
    ring = (event.data?.json() ?? {}) as Ring;
  } catch {
    // a ring that cannot be read still says that something waits
  }
  event.waitUntil(tell(ring));
});

async function tell(ring: Ring): Promise<void> {
  const words = ring.lang === "es" ? es : en;
  const pages = await worker.clients.matchAll({ type: "window" });
  const inSight = pages.some((page) => page.visibilityState === "visible");
  await worker.registration.showNotification(words.offer, {
    body: ring.until ? words["offer.until"].replace("{time}", timeOf(ring)) : "",
    tag: NOTICE, // a newer one takes its place
    icon: "/driver/icon-192.png",
    badge: "/driver/icon-192.png",
    lang: ring.lang ?? "en",
    silent: inSight, // the app in front makes its own sound
    requireInteraction: !inSight,
    data: { offer: ring.offer },
  });
}

function timeOf({ until, zone, lang }: Ring): string {
  const form = { hour: "numeric", minute: "2-digit" } as const;
  return new Intl.DateTimeFormat(lang === "es" ? "es-US" : "en-US", zone ? { ...form, timeZone: zone } : form)
    .format(new Date(until ?? 0))
    .toLowerCase();
}

worker.addEventListener("notificationclick", (event) => {
  event.notification.close();
  event.waitUntil(open());
});

/** The app, with the offer in front: the page that is there, else a fresh one. */
async function open(): Promise<void> {
  const [page] = await worker.clients.matchAll({ type: "window" });
  if (!page) {
    await worker.clients.openWindow(`${PAGE}?look=offer`);
    return;
  }
  page.postMessage({ look: "offer" });
  await page.focus();
}
