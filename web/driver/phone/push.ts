import { api, told } from "../../shared/api/client";

/** Whether this phone can be woken at all: a worker, push, notifications, and a person who has not said no. */
export const canWake = (): boolean =>
  "serviceWorker" in navigator &&
  "PushManager" in window &&
  "Notification" in window &&
  Notification.permission !== "denied";

async function subscription(): Promise<PushSubscription | null> {
  const worker = await navigator.serviceWorker.getRegistration("/driver");
  return (await worker?.pushManager.getSubscription()) ?? null;
}

/** Whether this very phone is woken: the browser subscribed, and the network knows. */
export async function isWoken(): Promise<boolean> {
  if (!canWake() || Notification.permission !== "granted" || !(await subscription())) return false;
  return (await told(api.GET("/driver/v1/push"))).on;
}

/**
 * Asks the person, then the browser's push service, then the network to wake this phone when an offer comes.
 * False when the person or the phone will not. Rejects with a Refusal when the network does not answer.
 */
export async function wakeMe(language: "en" | "es"): Promise<boolean> {
  if ((await Notification.requestPermission()) !== "granted") return false;
  const { key } = await told(api.GET("/driver/v1/push/key"));
  const worker = await navigator.serviceWorker.ready;
  let made: PushSubscription;
  try {
    made = await worker.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key });
  } catch {
    return false; // no push service behind this browser, or none it can reach
  }
  const { endpoint, keys } = made.toJSON();
  if (!endpoint || !keys?.p256dh || !keys.auth) return false;
  await told(
    api.PUT("/driver/v1/push", { body: { endpoint, p256dh: keys.p256dh, auth: keys.auth, language } }),
  );
  return true;
}

/** Lets this phone sleep: the network first, so that nothing is sent to nobody. */
export async function letMeSleep(): Promise<void> {
  await told(api.DELETE("/driver/v1/push"));
  await (await subscription())?.unsubscribe();
}
