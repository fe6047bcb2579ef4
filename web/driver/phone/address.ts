import { useSyncExternalStore } from "react";

const ROOT = "/driver";
const hearers = new Set<() => void>();

export const VIEWS = ["drive", "earnings", "help", "settings"] as const;
export type View = (typeof VIEWS)[number];

const hrefOf = (view: View) => (view === "drive" ? ROOT : `${ROOT}/${view}`);

function here(): View {
  const name = location.pathname.slice(ROOT.length + 1).split("/")[0] ?? "";
  return VIEWS.find((view) => view === name) ?? "drive";
}

export function go(view: View): void {
  if (view !== here()) history.pushState(null, "", hrefOf(view));
  for (const hear of hearers) hear();
  scrollTo(0, 0);
}

function listen(hear: () => void): () => void {
  hearers.add(hear);
  addEventListener("popstate", hear);
  return () => {
    hearers.delete(hear);
    removeEventListener("popstate", hear);
  };
}

/** Which view the address names. */
export const useView = (): View => useSyncExternalStore(listen, here);
export { hrefOf };
