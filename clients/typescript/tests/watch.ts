import assert from "node:assert/strict";
import type { Latchkey, LatchkeyEvents } from "../src/index.ts";

/** The names of the events, as they come. */
export function record(tab: Latchkey): string[] {
  const events: string[] = [];
  const names: (keyof LatchkeyEvents)[] = ["signedIn", "refreshed", "signedOut"];
  for (const name of names) tab.on(name, (event) => events.push(`${name}${event.elsewhere ? " elsewhere" : ""}`));
  return events;
}

/** Waits for what happens on a later turn, as messages between tabs do. */
export async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `never happened: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

/** How many milliseconds this took, and what came of it. */
export async function timed<T>(work: Promise<T>): Promise<[milliseconds: number, result: T]> {
  const start = performance.now();
  const result = await work;
  return [performance.now() - start, result];
}
