/** A small room of this phone's own: what must outlive the page lies in IndexedDB. */

const NAME = "doorstep-driver";
const OUTBOX = "outbox";

let opening: Promise<IDBDatabase> | null = null;

function room(): Promise<IDBDatabase> {
  opening ??= new Promise((resolve, reject) => {
    const asked = indexedDB.open(NAME, 1);
    asked.onupgradeneeded = () =>
      asked.result.createObjectStore(OUTBOX, { keyPath: "key", autoIncrement: true });
    asked.onsuccess = () => {
      asked.result.onversionchange = () => asked.result.close();
      resolve(asked.result);
    };
    asked.onerror = () => reject(asked.error);
  });
  return opening;
}

async function run<T>(mode: IDBTransactionMode, act: (store: IDBObjectStore) => IDBRequest<T>): Promise<T> {
  const db = await room();
  return new Promise((resolve, reject) => {
    const transaction = db.transaction(OUTBOX, mode, { durability: "strict" });
    const asked = act(transaction.objectStore(OUTBOX));
    transaction.oncomplete = () => resolve(asked.result);
    transaction.onerror = () => reject(transaction.error);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** What waits, in the order in which it was put in; each with its `key`. */
export const keptAll = <T>(): Promise<(T & { key: number })[]> =>
  run("readonly", (store) => store.getAll() as IDBRequest<(T & { key: number })[]>);

/** Puts one thing in, on the disk before it answers; its key. */
export const keep = async <T extends object>(thing: T): Promise<number> =>
  Number(await run("readwrite", (store) => store.add(thing)));

export const letGo = (key: number): Promise<unknown> => run("readwrite", (store) => store.delete(key));

export const letGoOfAll = (): Promise<unknown> => run("readwrite", (store) => store.clear());

const PREFIX = "doorstep-driver:";

/** A last copy of something read, with its time, for when there is no line. */
export function lastCopy<T>(name: string): { told: T; at: number } | null {
  try {
    const text = localStorage.getItem(PREFIX + name);
    return text ? (JSON.parse(text) as { told: T; at: number }) : null;
  } catch {
    return null;
  }
}

export function keepCopy(name: string, told: unknown): void {
  try {
    localStorage.setItem(PREFIX + name, JSON.stringify({ told, at: Date.now() }));
  } catch {
    // a full phone: the copy is a convenience
  }
}

const forgetful: (() => void)[] = [];

/** Whoever holds something of a person in memory lets go of it with everything else. */
export function onForgotten(forget: () => void): void {
  forgetful.push(forget);
}

/** Signing out leaves nothing of anybody on this phone. */
export async function forgetEverything(): Promise<void> {
  for (const forget of forgetful) forget();
  for (const name of Object.keys(localStorage)) if (name.startsWith(PREFIX)) localStorage.removeItem(name);
  await letGoOfAll();
}
