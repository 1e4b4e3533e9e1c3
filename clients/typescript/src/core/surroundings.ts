/** What the tabs of one browser have in common. */
export interface Surroundings {
  readonly locks?: LockManager | undefined;
  readonly Channel?: typeof BroadcastChannel | undefined;
}

interface Node {
  process?: { versions?: { node?: string; electron?: string } };
}

/** Whether this is a page in a browser. One that jsdom or happy-dom pretend is none: it stands on Node's ground. */
export function inBrowser(): boolean {
  const versions = (globalThis as Node).process?.versions;
  const isNode = versions?.node !== undefined && versions.electron === undefined;
  return !isNode && typeof window !== "undefined" && typeof document !== "undefined";
}

/** Nothing on a server: its process serves many people, and Node's channels and locks reach all of it, every thread included. */
export function surroundings(): Surroundings {
  return inBrowser() ? { locks: navigator.locks, Channel: globalThis.BroadcastChannel } : {};
}
