/** Node's ground of a page that a library pretends: what test runners do with jsdom and happy-dom. */

/** What Node has too, and what they replace by the library's own. */
const REPLACED = ["AbortController", "AbortSignal", "Blob", "Event", "EventTarget", "File", "FormData", "Headers", "navigator"];

/** Makes the window's properties global ones: those that Node lacks, and those that are replaced. */
export function pretendPage(window: object, replaced: readonly string[] = REPLACED): void {
  for (const name of Object.getOwnPropertyNames(window)) {
    if (name in globalThis && !replaced.includes(name)) continue;
    const value: unknown = Reflect.get(window, name);
    Object.defineProperty(globalThis, name, { value, configurable: true, writable: true });
  }
  for (const name of ["window", "self"]) Object.defineProperty(globalThis, name, { value: globalThis, configurable: true });
}
