import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { unwrap } from "../src/index.ts";
import { Browser, CUT_OFF_SERVICE, redirected, withBadToken } from "./browser.ts";
import { record } from "./watch.ts";

test("a rejected access token is renewed and the request repeated", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  const events = record(tab);
  let first = true;
  browser.intercept = (request) => {
    if (!first || !request.url.endsWith("/auth/me")) return request;
    first = false;
    return withBadToken(request);
  };
  assert.equal(unwrap(await tab.me()).profile.displayName, "Ada Lovelace");
  assert.deepEqual(browser.requests, ["GET /auth/me", "POST /auth/refresh", "GET /auth/me"]);
  assert.deepEqual(events, ["refreshed"]);
});

test("a request is repeated once and not again", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.intercept = withBadToken;
  assert.equal((await tab.me()).error?.code, "unauthorized");
  assert.deepEqual(browser.requests, ["GET /auth/me", "POST /auth/refresh", "GET /auth/me"]);
});

test("requests that are rejected together share one refresh", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  let bad = 8;
  browser.intercept = (request) => (request.url.endsWith("/auth/me") && bad-- > 0 ? withBadToken(request) : request);
  const results = await Promise.all(Array.from({ length: 8 }, () => tab.me()));
  assert.ok(results.every(({ data }) => data));
  assert.equal(browser.count("POST /auth/refresh"), 1);
});

test("an access token that is about to expire is renewed before it is used", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  mock.timers.enable({ apis: ["Date"], now: Date.now() + 3580_000 });
  try {
    unwrap(await tab.accessToken());
    assert.deepEqual(browser.requests, ["POST /auth/refresh"]);
    browser.requests.length = 0;
    unwrap(await tab.accessToken());
    assert.deepEqual(browser.requests, []);
  } finally {
    mock.timers.reset();
  }
});

test("while it cannot be renewed ahead of time, the old access token serves until its end", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  const token = unwrap(await tab.accessToken());
  browser.intercept = (request) => redirected(request, CUT_OFF_SERVICE);
  const now = Date.now();
  mock.timers.enable({ apis: ["Date"], now: now + 3580_000 });
  try {
    assert.equal(unwrap(await tab.accessToken()), token);
    mock.timers.setTime(now + 3601_000);
    assert.equal((await tab.accessToken()).error?.code, "upstream_unavailable");
  } finally {
    mock.timers.reset();
  }
});

test("aborting one who waits for a refresh leaves the refresh to the others", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  const controller = new AbortController();
  const abandoned = tab.refresh({ signal: controller.signal });
  const kept = tab.refresh();
  controller.abort();
  await assert.rejects(abandoned, { name: "AbortError" });
  unwrap(await kept);
  assert.equal(browser.count("POST /auth/refresh"), 1);
});
