import { useEffect, useState } from "react";

const LOOK = "look";
const TAG = "offer";

/** Whether she came by a notice, and so wants to see the offer before anything else. */
export function useCalled(): [boolean, (looking: boolean) => void] {
  const [looking, setLooking] = useState(() => new URLSearchParams(location.search).get(LOOK) === TAG);
  useEffect(() => {
    if (new URLSearchParams(location.search).has(LOOK)) history.replaceState(null, "", location.pathname);
    if (!("serviceWorker" in navigator)) return;
    const hear = (event: MessageEvent) => {
      if ((event.data as { look?: unknown } | null)?.look === TAG) setLooking(true);
    };
    navigator.serviceWorker.addEventListener("message", hear);
    return () => navigator.serviceWorker.removeEventListener("message", hear);
  }, []);
  return [looking, setLooking];
}

/** Takes notices of offers off the phone once she has answered them or they went elsewhere. */
export function useNoticesEnd(some: boolean): void {
  useEffect(() => {
    if (some || !("serviceWorker" in navigator)) return;
    void navigator.serviceWorker
      .getRegistration("/driver")
      .then((worker) => worker?.getNotifications({ tag: TAG }))
      .then((notices) => {
        for (const notice of notices ?? []) notice.close();
      })
      .catch(() => undefined);
  }, [some]);
}
