import assert from "node:assert/strict";
import { test } from "node:test";
import axios, { AxiosError } from "axios";
import { attachLatchkey, errorOf } from "../src/axios.ts";
import { LatchkeyError, unwrap } from "../src/index.ts";
import { Browser, CUT_OFF_SERVICE, redirected, SERVICE } from "./browser.ts";
import { serve, serveApi } from "./servers.ts";

test("requests carry the access token", async () => {
  const api = await serveApi();
  const tab = await new Browser().signedIn({ tokenOrigins: [api.url] });
  const http = axios.create({ baseURL: api.url });
  const detach = attachLatchkey(http, tab);
  await http.get("/todos");
  detach();
  await assert.rejects(http.get("/todos"), AxiosError);
  assert.deepEqual(api.seen, [`Bearer ${unwrap(await tab.accessToken())}`, undefined]);
});

test("a rejected token is renewed and the request repeated, body and all", async () => {
  const browser = new Browser();
  const api = await serveApi({ refusals: 1 });
  const tab = await browser.signedIn({ tokenOrigins: [api.url] });
  const http = axios.create({ baseURL: api.url });
  attachLatchkey(http, tab);
  const { status } = await http.post("/todos", { title: "a todo" });
  assert.equal(status, 200);
  assert.deepEqual(api.bodies, ['{"title":"a todo"}', '{"title":"a todo"}']);
  assert.equal(browser.count("POST /auth/refresh"), 1);
});

test("a request is repeated once and not again", async () => {
  const browser = new Browser();
  const api = await serveApi({ refusals: 2 });
  const tab = await browser.signedIn({ tokenOrigins: [api.url] });
  const http = axios.create({ baseURL: api.url });
  attachLatchkey(http, tab);
  await assert.rejects(http.get("/todos"), (failure) => failure instanceof AxiosError && failure.response?.status === 401);
  assert.equal(api.seen.length, 2);
});

test("nobody signed in means no header, and the 401 arrives", async () => {
  const api = await serveApi();
  const browser = new Browser();
  const http = axios.create({ baseURL: api.url });
  attachLatchkey(http, browser.tab({ tokenOrigins: [api.url] }));
  await assert.rejects(http.get("/todos"), AxiosError);
  await assert.rejects(http.get("/todos"), AxiosError);
  assert.deepEqual(api.seen, [undefined, undefined]);
  assert.equal(browser.count("POST /auth/refresh"), 0);
});

test("the token goes to no other origin, not by an absolute URL either", async () => {
  const [mine, theirs] = [await serveApi(), await serveApi()];
  const tab = await new Browser().signedIn({ tokenOrigins: [mine.url] });
  const http = axios.create({ baseURL: mine.url });
  attachLatchkey(http, tab);
  await assert.rejects(http.get(`${theirs.url}/todos`), AxiosError);
  assert.deepEqual(theirs.seen, [undefined]);
});

test("an outage during the renewal is no 401", async () => {
  const browser = new Browser();
  const api = await serveApi({ refusals: 2 });
  const tab = await browser.signedIn({ tokenOrigins: [api.url] });
  browser.intercept = (request) => redirected(request, CUT_OFF_SERVICE);
  const http = axios.create({ baseURL: api.url });
  attachLatchkey(http, tab);
  await assert.rejects(
    http.get("/todos"),
    (failure) => failure instanceof LatchkeyError && failure.error.code === "upstream_unavailable",
  );
  assert.ok(tab.user);
});

test("whatever an Axios call throws becomes an error with a code", async () => {
  const codeOf = (call: Promise<unknown>) =>
    call.then(
      () => assert.fail(),
      (failure) => errorOf(failure).code,
    );
  const proxy = await serve((_, response) => response.writeHead(502).end("<h1>Bad gateway</h1>"));
  assert.equal(await codeOf(axios.get(`${SERVICE}/auth/me`)), "unauthorized");
  assert.equal(await codeOf(axios.get(proxy)), "unexpected_response");
  assert.equal(await codeOf(axios.get("http://127.0.0.1:9")), "network_error");
  const cancelled = axios.get(proxy, { signal: AbortSignal.abort() });
  await assert.rejects(codeOf(cancelled), { code: "ERR_CANCELED" });
});
