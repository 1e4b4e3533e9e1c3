import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { inspect } from "node:util";
import { isTemporary, type Latchkey, LatchkeyError, type LatchkeyEvents, unwrap } from "../src/index.ts";
import { Browser, CUT_OFF_SERVICE, newEmail, PASSWORD, redirected, SERVICE, withBadToken } from "./browser.ts";
import { serve, serveApi } from "./servers.ts";

function record(tab: Latchkey): string[] {
  const events: string[] = [];
  const names: (keyof LatchkeyEvents)[] = ["signedIn", "refreshed", "signedOut"];
  for (const name of names) tab.on(name, (event) => events.push(`${name}${event.elsewhere ? " elsewhere" : ""}`));
  return events;
}

/** Messages between tabs arrive on a later turn. */
async function until(condition: () => boolean): Promise<void> {
  const deadline = Date.now() + 5000;
  while (!condition()) {
    assert.ok(Date.now() < deadline, `never happened: ${condition}`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}

test("sign up, sign in, me, reload, me, sign out", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  const events = record(tab);
  const email = newEmail();
  const created = unwrap(await tab.signUp({ email, password: PASSWORD, profile: { displayName: "Ada Lovelace" } }));
  assert.equal(created.email, email);
  assert.deepEqual(unwrap(await tab.signIn({ email, password: PASSWORD })), created);
  assert.deepEqual(tab.user, created);
  const me = { ...created, profile: { displayName: "Ada Lovelace" } };
  assert.deepEqual(unwrap(await tab.me()), me);
  assert.deepEqual(events, ["signedIn"]);

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

test("a project that opens a session at sign-up is signed in by restore", async () => {
  const tab = new Browser().tab();
  assert.equal(unwrap(await tab.restore()), null);
  const created = unwrap(await tab.signUp({ email: newEmail(), password: PASSWORD }));
  assert.deepEqual(unwrap(await tab.restore()), created);
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
  assert.deepEqual(error, { code: "auth_invalid_credentials", message: "Invalid email or password", details: {} });
});

test("one CSRF token serves every POST", async () => {
  const browser = new Browser();
  const tab = browser.tab();
  await tab.signIn({ email: newEmail(), password: "wrong" });
  await tab.signIn({ email: newEmail(), password: "wrong" });
  await tab.refresh();
  assert.equal(browser.count("GET /auth/csrf"), 1);
});

test("a CSRF token that is not accepted is replaced, and the request repeated once", async () => {
  const browser = new Browser();
  const tab = await browser.signedIn();
  browser.jar.removeAllCookiesSync(); // the token belongs to the cookie that is gone
  const { error } = await tab.signIn({ email: newEmail(), password: "wrong" });
  assert.equal(error?.code, "auth_invalid_credentials");
  assert.deepEqual(browser.requests, ["POST /auth/signin", "GET /auth/csrf", "POST /auth/signin"]);
});

test("a second CSRF refusal is given up on", async () => {
  const browser = new Browser();
  browser.intercept = (request) => {
    request.headers.delete("X-CSRF-Token");
    return request;
  };
  const { error } = await browser.tab().signIn({ email: newEmail(), password: "wrong" });
  assert.equal(error?.code, "csrf_failed");
  assert.equal(browser.count("POST /auth/signin"), 2);
});

test("a page whose origin is refused does not try again", async () => {
  const browser = new Browser();
  browser.intercept = (request) => {
    request.headers.set("Origin", "https://evil.example");
    return request;
  };
  const { error } = await browser.tab().signIn({ email: newEmail(), password: "wrong" });
  assert.ok(error?.code === "csrf_failed" && error.details.reason === "origin");
  assert.equal(browser.count("POST /auth/signin"), 1);
});

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

test("two tabs that refresh at once share one request and both stay signed in", async () => {
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
  const one = await browser.signedIn();
  const other = browser.tab();
  Object.defineProperty(globalThis.navigator, "locks", { value: undefined, configurable: true });
  try {
    const results = await Promise.all([one.refresh(), other.refresh()]);
    for (const result of results) unwrap(result);
    unwrap(await one.me());
    unwrap(await other.me());
    unwrap(await one.refresh());
  } finally {
    Reflect.deleteProperty(globalThis.navigator, "locks");
  }
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

test("fetch sends the token to the app's own API, and renews it once", async () => {
  const browser = new Browser();
  const api = await serveApi({ refusals: 1 });
  const tab = await browser.signedIn({ tokenOrigins: [api.url] });
  const token = unwrap(await tab.accessToken());
  const response = await tab.fetch(`${api.url}/todos`, { method: "POST", body: "a body" });
  assert.equal(response.status, 200);
  assert.deepEqual(api.seen, [`Bearer ${token}`, `Bearer ${unwrap(await tab.accessToken())}`]);
  assert.deepEqual(api.bodies, ["a body", "a body"]);
  assert.equal(browser.count("POST /auth/refresh"), 1);
  api.refusals = 2;
  assert.equal((await tab.fetch(api.url)).status, 401);
  assert.equal(api.seen.length, 4);
});

test("fetch throws when the token cannot be renewed for now", async () => {
  const browser = new Browser();
  const api = await serveApi({ refusals: 1 });
  const tab = await browser.signedIn({ tokenOrigins: [api.url] });
  browser.intercept = (request) => (request.url.startsWith(api.url) ? request : redirected(request, CUT_OFF_SERVICE));
  await assert.rejects(
    tab.fetch(api.url),
    (failure) => failure instanceof LatchkeyError && failure.error.code === "upstream_unavailable",
  );
});

test("fetch sends the token to no other origin", async () => {
  const api = await serveApi();
  const tab = await new Browser().signedIn();
  await assert.rejects(tab.fetch(api.url), TypeError);
  assert.deepEqual(api.seen, []);
});
