/** A tab's turn to write the cookie, when another one does not end its own. Locks are Node's, or made to misbehave. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { unwrap } from "../src/index.ts";
import { Browser, newEmail, PASSWORD, SERVICE } from "./browser.ts";
import { webLocks } from "./needs.ts";
import { serve } from "./servers.ts";
import { timed, until } from "./watch.ts";

/** Holds the lock as a tab does that shows a dialog. */
async function withHeldLock(work: () => Promise<void>): Promise<void> {
  let release = () => {};
  const holding = new Promise<void>((resolve) => {
    release = resolve;
  });
  await new Promise<void>((resolve) => {
    navigator.locks
      .request(`latchkey:${SERVICE}`, () => {
        resolve();
        return holding;
      })
      .catch(() => {}); // stolen
  });
  try {
    await work();
  } finally {
    release();
  }
}

test("a tab that holds its turn for too long loses it to the others, within their time", webLocks, async () => {
  const browser = new Browser();
  const one = await browser.signedIn();
  const other = browser.tab({ timeout: 2 });
  await withHeldLock(async () => {
    const [took, result] = await timed(other.refresh());
    unwrap(result);
    assert.ok(took >= 990 && took < 2000, `${took} ms`);
    // The turn is a real one again: whoever comes now does not wait.
    const [tookThen, then] = await timed(one.refresh());
    unwrap(then);
    assert.ok(tookThen < 900, `${tookThen} ms`);
  });
});

test("whoever aborts does not wait for a turn any longer", webLocks, async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  await withHeldLock(async () => {
    const signal = AbortSignal.timeout(50);
    const [took] = await timed(assert.rejects(tab.signIn({ email: newEmail(), password: PASSWORD }, { signal })));
    assert.ok(took < 500, `${took} ms`);
  });
  unwrap(await tab.refresh());
});

test("calls of one tab wait for each other, and none longer than its time", async () => {
  const silent = await serve(() => {});
  const tab = new Browser().tab({ baseUrl: silent, timeout: 0.4 });
  const calls = [tab.signIn({ email: newEmail(), password: PASSWORD }), tab.refresh(), tab.signOut(), tab.me(), tab.restore()];
  const [took, results] = await timed(Promise.all(calls));
  for (const { error } of results) assert.ok(error?.code === "network_error" && error.details.reason === "timeout");
  assert.ok(took < 1000, `${took} ms`);
});

test("a fetch that takes no notice of its signal keeps nobody waiting", async () => {
  const tab = new Browser().tab({ fetch: () => new Promise(() => {}), timeout: 0.2 });
  const [took, results] = await timed(Promise.all([tab.me(), tab.signOut(), tab.restore()]));
  for (const { error } of results) assert.equal(error?.code, "network_error");
  assert.ok(took < 1000, `${took} ms`);
});

test("a tab that stood still with its answer in hand does not undo what others did since", async () => {
  const browser = new Browser();
  const one = await browser.signedIn();
  const other = browser.tab({ timeout: 2 });
  let endDialog = () => {};
  const dialog = new Promise<void>((resolve) => {
    endDialog = resolve;
  });
  const still = browser.tab({
    fetch: async (request) => {
      const response = await browser.fetch(request);
      if (request.url.endsWith("/auth/refresh")) await dialog;
      return response;
    },
  });
  const late = still.restore();
  await until(() => browser.count("POST /auth/refresh") === 1);
  unwrap(await other.signOut());
  endDialog();
  unwrap(await late);
  await until(() => one.getSnapshot().status === "signedOut");
  for (const tab of [one, other, still]) assert.equal(tab.getSnapshot().status, "signedOut");
});

test("denied locks and channels leave a tab on its own", async () => {
  const denied = new DOMException("The request was denied.", "SecurityError");
  const manager = { request: () => Promise.reject(denied), query: () => Promise.reject(denied) } as unknown as LockManager;
  class Denied {
    constructor() {
      throw denied;
    }
  }
  const throwing = () => {
    throw denied;
  };
  for (const around of [{ locks: manager, Channel: Denied as unknown as typeof BroadcastChannel }, {}, undefined]) {
    const browser = new Browser();
    if (around) browser.around = around;
    else Object.defineProperties(browser, { around: { get: throwing } });
    const tab = await browser.signedIn();
    unwrap(await tab.refresh());
    unwrap(await tab.me());
    unwrap(await tab.signOut());
  }
});
