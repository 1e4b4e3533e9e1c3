import assert from "node:assert/strict";
import { test } from "node:test";
import { LatchkeyError, unwrap } from "../src/index.ts";
import { Browser, CUT_OFF_SERVICE, redirected } from "./browser.ts";
import { serveApi } from "./servers.ts";

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
