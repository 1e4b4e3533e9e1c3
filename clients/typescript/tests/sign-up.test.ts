import assert from "node:assert/strict";
import { test } from "node:test";
import { Latchkey, unwrap } from "../src/index.ts";
import { Browser, CONFIRMING_SERVICE, newEmail, PASSWORD, redirected } from "./browser.ts";
import { ADA, serveAnswers, sessionOf } from "./servers.ts";
import { record } from "./watch.ts";

test("a project that opens a session at sign-up signs in at once", async () => {
  const tab = new Browser().tab();
  assert.equal(unwrap(await tab.restore()), null);
  const events = record(tab);
  const { user, ...outcome } = unwrap(await tab.signUp({ email: newEmail(), password: PASSWORD }));
  assert.deepEqual(outcome, { signedIn: true, confirmationRequired: false });
  assert.deepEqual(tab.user, user);
  assert.deepEqual(events, ["signedIn"]);
  assert.equal(unwrap(await tab.me()).id, user.id);
});

test("a project that confirms addresses says so, and nobody is signed in", async () => {
  const browser = new Browser();
  browser.intercept = (request) => redirected(request, CONFIRMING_SERVICE);
  const tab = browser.tab();
  assert.equal(unwrap(await tab.restore()), null);
  const { user, ...outcome } = unwrap(await tab.signUp({ email: newEmail(), password: PASSWORD }));
  assert.deepEqual(outcome, { signedIn: false, confirmationRequired: true });
  assert.equal(tab.getSnapshot().status, "signedOut");
  assert.ok(user.id);
});

test("who was signed in before is not taken for the new user", async () => {
  const other = { id: "another-id", email: "grace@example.com" };
  const { url } = await serveAnswers({ "POST /auth/signup": [200, { user: other }], "POST /auth/refresh": [200, sessionOf()] });
  const client = new Latchkey({ baseUrl: url });
  unwrap(await client.restore());
  const outcome = unwrap(await client.signUp({ email: other.email, password: PASSWORD }));
  assert.deepEqual(outcome, { user: other, signedIn: false, confirmationRequired: true });
  assert.deepEqual(client.user, ADA);
});

test("an account whose session cannot be had now is there all the same", async () => {
  const { url } = await serveAnswers({
    "POST /auth/signup": [200, { user: ADA }],
    "POST /auth/refresh": [502, { code: "upstream_error", message: "Supabase answered unexpectedly", details: {} }],
  });
  const outcome = unwrap(await new Latchkey({ baseUrl: url }).signUp({ email: ADA.email, password: PASSWORD }));
  assert.deepEqual(outcome, { user: ADA, signedIn: false, confirmationRequired: false });
});

test("a service that tells whether to confirm is not asked for a session", async () => {
  const { url, seen } = await serveAnswers({ "POST /auth/signup": [200, { user: ADA, confirmationRequired: true }] });
  const outcome = unwrap(await new Latchkey({ baseUrl: url }).signUp({ email: ADA.email, password: PASSWORD }));
  assert.deepEqual(outcome, { user: ADA, signedIn: false, confirmationRequired: true });
  assert.deepEqual(seen, ["GET /auth/csrf", "POST /auth/signup"]);
});
