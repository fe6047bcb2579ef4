import { refusal } from "./api/refusal";

/**
 * Where a stream stands. `live`: frames or heartbeats arrive. `catching-up`: connected again, the first view is
 * on its way. `lost`: no line since `since`; it tries again by itself. `ended`: the server will not have us.
 */
export type Line =
  | { state: "connecting" }
  | { state: "live" }
  | { state: "catching-up"; since: number }
  | { state: "lost"; since: number; tries: number }
  | { state: "ended"; status: number; code: string };

export type Frame = { event: string; data: unknown; id: string };

export type StreamOptions = {
  onFrame: (frame: Frame) => void;
  onLine?: (line: Line) => void;
  headers?: Record<string, string>;
  /** Silence after which the line counts as dead. The server speaks at least every five seconds. */
  silenceMs?: number;
};

const FIRST_WAIT_MS = 500;
const LONGEST_WAIT_MS = 15_000;

/**
 * Follows a stream of server-sent events until it is closed: reads heartbeats (an EventSource cannot), notices a
 * dead line, tries again with growing waits and at once when the network or the page comes back, sends
 * Last-Event-ID. The server tells the whole view first on every connection, so nothing is lost in between.
 */
export function follow(url: string, options: StreamOptions): () => void {
  const { onFrame, onLine, headers = {}, silenceMs = 20_000 } = options;
  let closed = false;
  let tries = 0;
  let lostAt = 0;
  let lastId = "";
  let running: AbortController | null = null;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let watchdog: ReturnType<typeof setTimeout> | undefined;

  const say = (line: Line) => {
    if (!closed) onLine?.(line);
  };
  const lose = () => {
    if (closed) return;
    lostAt ||= Date.now();
    tries += 1;
    say({ state: "lost", since: lostAt, tries });
    const wait = Math.min(FIRST_WAIT_MS * 2 ** (tries - 1), LONGEST_WAIT_MS);
    clearTimeout(timer);
    timer = setTimeout(connect, wait * (0.7 + Math.random() * 0.6));
  };
  const alive = () => {
    clearTimeout(watchdog);
    watchdog = setTimeout(() => running?.abort(), silenceMs);
    if (lostAt || tries) {
      lostAt = 0;
      tries = 0;
    }
    say({ state: "live" });
  };

  async function connect(): Promise<void> {
    clearTimeout(timer);
    if (closed || running) return;
    const own = new AbortController();
    running = own;
    say(lostAt ? { state: "catching-up", since: lostAt } : { state: "connecting" });
    clearTimeout(watchdog);
    watchdog = setTimeout(() => own.abort(), silenceMs);
    let whole = false;
    try {
      const asked = lastId ? { ...headers, "Last-Event-ID": lastId } : headers;
      const response = await fetch(url, {
        headers: { Accept: "text/event-stream", ...asked },
        credentials: "same-origin",
        cache: "no-store",
        signal: own.signal,
      });
      if (!response.ok || !response.body) {
        const told = refusal(response.status, await response.json().catch(() => null));
        if (!told.passing) {
          say({ state: "ended", status: told.status, code: told.code });
          close();
          return;
        }
      } else {
        const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
        let rest = "";
        for (;;) {
          const { done, value } = await reader.read();
          if (done) break;
          alive();
          rest += value;
          const blocks = rest.split("\n\n");
          rest = blocks.pop() ?? "";
          for (const block of blocks) {
            const frame = read(block);
            if (!frame) continue;
            if (frame.id) lastId = frame.id;
            onFrame(frame);
          }
        }
        whole = true; // the server ends a stream after a while; that is no loss
      }
    } catch {
      // the line broke, or the watchdog cut it
    }
    clearTimeout(watchdog);
    if (running === own) running = null;
    if (closed) return;
    if (whole) timer = setTimeout(connect, 100);
    else lose();
  }

  const atOnce = () => {
    if (closed || running || document.visibilityState === "hidden") return;
    void connect();
  };
  const wentOffline = () => running?.abort();
  const close = () => {
    closed = true;
    clearTimeout(timer);
    clearTimeout(watchdog);
    running?.abort();
    running = null;
    removeEventListener("online", atOnce);
    removeEventListener("offline", wentOffline);
    removeEventListener("pagehide", wentOffline);
    removeEventListener("pageshow", atOnce);
    document.removeEventListener("visibilitychange", atOnce);
  };

  addEventListener("online", atOnce);
  addEventListener("offline", wentOffline);
  // A page that a browser keeps for the way back must not hold one of the six connections it has for a host.
  addEventListener("pagehide", wentOffline);
  addEventListener("pageshow", atOnce);
  document.addEventListener("visibilitychange", atOnce);
  void connect();
  return close;
}

function read(block: string): Frame | null {
  let event = "message";
  let data = "";
  let id = "";
  for (const line of block.split("\n")) {
    if (line.startsWith("event: ")) event = line.slice(7);
    else if (line.startsWith("data: ")) data += line.slice(6);
    else if (line.startsWith("id: ")) id = line.slice(4);
  }
  return data ? { event, data: JSON.parse(data) as unknown, id } : null;
}
