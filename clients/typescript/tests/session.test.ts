import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "node:util";
import { unwrap } from "../src/index.ts";
import { Browser, newEmail, PASSWORD } from "./browser.ts";
import { record } from "./watch.ts";

test("sign up, sign in, me, reload, me, sign out", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const events = record(tab);
  const email = newEmail();
  const { user: created } = unwrap(await tab.signUp({ email, password: PASSWORD, profile: { displayName: "Ada Lovelace" } }));
  assert.equal(created.email, email);
  unwrap(await tab.signOut());
  assert.deepEqual(unwrap(await tab.signIn({ email, password: PASSWORD })), created);
  assert.deepEqual(tab.user, created);
  const me = { ...created, profile: { displayName: "Ada Lovelace" } };
  assert.deepEqual(unwrap(await tab.me()), me);
  assert.deepEqual(events, ["signedIn", "signedOut", "signedIn"]);

  const reloaded = browser.tab();
  assert.equal(reloaded.user, null);
  assert.deepEqual(unwrap(await reloaded.restore()), created);
  assert.deepEqual(unwrap(await reloaded.me()), me);

  unwrap(await reloaded.signOut());
  assert.equal(reloaded.user, null);
  assert.deepEqual(browser.cookies(), ["latchkey_csrf"]);
  assert.equal((await reloaded.me()).error?.code, "unauthorized");
  assert.equal(unwrap(await browser.tab().restore()), null);
});

test("me finds the session by itself after a reload", async () => {
  const browser = new Browser();
  await browser.signedIn();
  assert.equal(unwrap(await browser.tab().me()).profile.displayName, "Ada Lovelace");
});

test("a client shows its token to nobody who prints it", async () => {
  const tab = await new Browser().signedIn();
  const token = unwrap(await tab.accessToken());
  assert.ok(token);
  assert.ok(!`${inspect(tab, { depth: 9, showHidden: true })}${JSON.stringify(tab)}`.includes(token));
});

test("wrong credentials come back as an error with a code", async () => {
  const { error } = await new Browser().tab().signIn({ email: newEmail(), password: "wrong" });
  const body = { code: "auth_invalid_credentials", message: "Invalid email or password", details: {} };
  assert.deepEqual(error, { ...body, status: 401 });
});
