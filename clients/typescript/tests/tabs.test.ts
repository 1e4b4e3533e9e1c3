import assert from "node:assert/strict";
import { test } from "node:test";
import { unwrap } from "../src/index.ts";
import { Browser, SERVICE } from "./browser.ts";
import { webLocks } from "./needs.ts";
import { record, until } from "./watch.ts";

test("two tabs that refresh at once share one request and both stay signed in", webLocks, async () => {
  const browser = new Browser();
  const one = await browser.signedIn();
  const other = browser.tab();
  const [first, second] = await Promise.all([one.refresh(), other.refresh()]);
  assert.deepEqual(unwrap(first), unwrap(second));
  assert.equal(browser.count("POST /auth/refresh"), 1);
  assert.equal(unwrap(await one.accessToken()), unwrap(await other.accessToken()));
  unwrap(await one.me());
  unwrap(await other.me());
});

test("without Web Locks two tabs that refresh at once still stay signed in", async () => {
  const browser = new Browser();
  browser.around = { Channel: BroadcastChannel };
  const one = await browser.signedIn();
  const other = browser.tab();
  const results = await Promise.all([one.refresh(), other.refresh()]);
  for (const result of results) unwrap(result);
  unwrap(await one.me());
  unwrap(await other.me());
  unwrap(await one.refresh());
});

test("signing in signs in the other tabs", async () => {
  const browser = new Browser();
  const other = browser.tab();
  const events = record(other);
  const one = await browser.signedIn();
  await until(() => other.user !== null);
  assert.deepEqual(other.user, one.user);
  assert.deepEqual(events, ["signedIn elsewhere"]);
  unwrap(await other.me());
  assert.equal(browser.count("POST /auth/refresh"), 0);
});

test("signing out signs out the other tabs", async () => {
  const browser = new Browser();
  const one = await browser.signedIn();
  const other = browser.tab();
  unwrap(await other.restore());
  const events = record(other);
  unwrap(await one.signOut());
  await until(() => other.user === null);
  assert.deepEqual(events, ["signedOut elsewhere"]);
  assert.equal(unwrap(await other.accessToken()), null);
});

test("a session that has ended signs out, with the service's reason", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  const other = browser.tab();
  unwrap(await other.restore());
  const reasons: string[] = [];
  tab.on("signedOut", ({ reason }) => reasons.push(reason));
  browser.jar.setCookieSync("sb_refresh_token=no-such-token; Path=/; HttpOnly", SERVICE);
  assert.equal((await tab.refresh()).error?.code, "auth_refresh_invalid");
  assert.equal(tab.user, null);
  assert.deepEqual(reasons, ["auth_refresh_invalid"]);
  await until(() => other.user === null);
});
