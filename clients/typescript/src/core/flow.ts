/** The flow that this tab has under way, for when Supabase loses the address to come back to. It is worth nothing elsewhere. */
const KEY = "latchkey.flow";

/** Storage may be denied, or missing. */
function quietly<T>(use: (storage: Storage) => T): T | undefined {
  try {
    return use(globalThis.sessionStorage);
  } catch {
    return undefined;
  }
}

export function keepFlow(flow: string): void {
  quietly((storage) => storage.setItem(KEY, flow));
}

export function keptFlow(): string | undefined {
  return quietly((storage) => storage.getItem(KEY)) ?? undefined;
}

export function forgetFlow(): void {
  quietly((storage) => storage.removeItem(KEY));
}
