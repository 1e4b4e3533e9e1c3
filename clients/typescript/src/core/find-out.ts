import type { Latchkey } from "../latchkey.ts";

/** Asks who is signed in, if nobody has: frameworks mount more than once. What came of it stands in the snapshot. */
export function findOut({ getSnapshot, restore }: Pick<Latchkey, "getSnapshot" | "restore">): void {
  const snapshot = getSnapshot();
  if (snapshot.status === "unknown" && !snapshot.error) void restore();
}
