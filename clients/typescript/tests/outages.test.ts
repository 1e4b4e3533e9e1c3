import assert from "node:assert/strict";
import { test } from "node:test";
import { isTemporary, unwrap } from "../src/index.ts";
import { Browser, CUT_OFF_SERVICE, newEmail, redirected } from "./browser.ts";
import { serve } from "./servers.ts";
import { record } from "./watch.ts";

test("an outage of Supabase signs nobody out", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  const events = record(tab);
  const { user } = tab;
  browser.intercept = (request) => redirected(request, CUT_OFF_SERVICE);
  for (const { error } of [await tab.refresh(), await tab.me(), await browser.tab().restore()]) {
    assert.ok(error && isTemporary(error) && error.code === "upstream_unavailable");
    assert.ok(error.details.retryAfter > 0);
  }
  assert.deepEqual(tab.user, user);
  browser.intercept = (request) => request;
  unwrap(await tab.refresh());
  assert.deepEqual(events, ["refreshed"]);
});

test("a dead network signs nobody out", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  const { user } = tab;
  browser.intercept = (request) => redirected(request, "http://127.0.0.1:9");
  for (const { error } of [await tab.refresh(), await tab.me(), await browser.tab().restore()]) {
    assert.ok(error && isTemporary(error) && error.code === "network_error");
  }
  assert.deepEqual(tab.user, user);
  browser.intercept = (request) => request;
  unwrap(await tab.me());
});

test("a proxy's own error page is an unexpected response", async () => {
  const proxy = await serve((_, response) =>
    response.writeHead(502, { "Content-Type": "text/html" }).end("<h1>Bad gateway</h1>"),
  );
  const { error } = await new Browser().tab({ baseUrl: proxy }).restore();
  assert.ok(error?.code === "unexpected_response" && error.details.status === 502);
});

test("a captive portal that answers 200 is an unexpected response", async () => {
  const portal = await serve((_, response) => response.end("<h1>Welcome to our Wi-Fi</h1>"));
  const { error } = await new Browser().tab({ baseUrl: portal }).restore();
  assert.equal(error?.code, "unexpected_response");
});

test("a server that never answers is given up on", async () => {
  const silent = await serve(() => {});
  const { error } = await new Browser().tab({ baseUrl: silent, timeout: 0.2 }).restore();
  assert.equal(error?.code, "network_error");
});

test("a sign-out that nobody could be told of keeps the session and drops the token", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  const { user } = tab;
  const events = record(tab);
  browser.intercept = (request) => redirected(request, "http://127.0.0.1:9");
  assert.equal((await tab.signOut()).error?.code, "network_error");
  assert.equal((await tab.accessToken()).error?.code, "network_error");
  assert.deepEqual(tab.user, user);
  assert.deepEqual(events, []);
  browser.intercept = (request) => request;
  unwrap(await tab.signOut());
  assert.deepEqual(events, ["signedOut"]);
});

test("sign-out works while Supabase is down", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.intercept = (request) => redirected(request, CUT_OFF_SERVICE);
  unwrap(await tab.signOut());
  assert.deepEqual(browser.cookies(), ["latchkey_csrf"]);
});

test("an aborted call rejects with the signal's reason", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  const reason = new Error("the user went elsewhere");
  await assert.rejects(tab.me({ signal: AbortSignal.abort(reason) }), reason);
  const controller = new AbortController();
  browser.intercept = (request) => {
    controller.abort(reason);
    return request;
  };
  await assert.rejects(tab.signIn({ email: newEmail(), password: "wrong" }, { signal: controller.signal }), reason);
});
