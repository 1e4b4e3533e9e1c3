import { type NetworkError, networkError } from "../errors.ts";
import { TimeIsUp } from "./limit.ts";
import { inBrowser } from "./surroundings.ts";

let wasSaid = false;

/**
 * Why no answer came, as far as a page can know. Browsers do not tell a dead service from one that does not know the page's
 * origin, and the cure of the second is a setting: what it is goes to the page's console, once.
 */
export async function noAnswer(failure: unknown, base: string, wasHeard: boolean, limit: AbortSignal): Promise<NetworkError> {
  if (limit.reason instanceof TimeIsUp) return networkError("timeout", limit.reason.message);
  if (globalThis.navigator?.onLine === false) return networkError("offline", "The browser is offline");
  const service = new URL(base).origin;
  const page = globalThis.location?.origin;
  if (wasHeard || limit.aborted || page === service || !inBrowser()) return networkError("unreachable", String(failure));
  const isThere = await answers(base, limit);
  const cure = `add ${page} to CORS_ORIGINS, where Latchkey is configured`;
  const message = isThere
    ? `${service} answers, but not to pages of ${page}: ${cure}`
    : `No answer from ${service} to a page of ${page}. If Latchkey runs there, ${cure}`;
  if (!wasSaid) console.error(`Latchkey: ${message}`);
  wasSaid = true;
  return networkError(isThere ? "origin" : "unreachable", message);
}

/** Whether anybody is there. Such a request needs nobody's leave, and nothing of its answer can be read. */
async function answers(base: string, signal: AbortSignal): Promise<boolean> {
  try {
    await globalThis.fetch(`${base}/auth/csrf`, { mode: "no-cors", credentials: "omit", cache: "no-store", signal });
    return true;
  } catch {
    return false;
  }
}
