import assert from "node:assert/strict";
import { test } from "node:test";
import { JSDOM } from "jsdom";
import { Latchkey, unwrap } from "../src/index.ts";
import { Browser, newEmail, PASSWORD, SERVICE } from "./browser.ts";
import { pretendPage } from "./dom.ts";
import { refusesForeignSignals } from "./needs.ts";
import { serve } from "./servers.ts";

pretendPage(new JSDOM("", { url: "http://localhost:5173/" }).window);

test("under jsdom, whose signals no request takes, everything works", async () => {
  assert.match(navigator.userAgent, /jsdom/);
  if (refusesForeignSignals) assert.throws(() => new Request(SERVICE, { signal: new AbortController().signal }));
  const client = new Latchkey({ baseUrl: SERVICE, fetch: new Browser().fetch });
  const { signal } = new AbortController();
  const email = newEmail();
  assert.equal(unwrap(await client.restore({ signal })), null);
  unwrap(await client.signUp({ email, password: PASSWORD }, { signal }));
  assert.equal(unwrap(await client.me({ signal })).email, email);
  assert.equal((await client.fetch(`${SERVICE}/auth/me`, { signal })).status, 200);
  unwrap(await client.signOut());
});

test("under jsdom a call ends when it is aborted, and when its time is up", async () => {
  const silent = await serve(() => {});
  const client = new Latchkey({ baseUrl: silent, timeout: 0.2 });
  const { error } = await client.me();
  assert.ok(error?.code === "network_error" && error.details.reason === "timeout");
  const controller = new AbortController();
  const call = client.me({ signal: controller.signal });
  controller.abort(new Error("no longer"));
  await assert.rejects(call, /no longer/);
});

test("under jsdom two clients are two people: tests run beside each other in one process", async () => {
  const [alice, bob] = [new Browser(), new Browser()].map(({ fetch }) => new Latchkey({ baseUrl: SERVICE, fetch }));
  assert.ok(alice && bob);
  unwrap(await alice.signUp({ email: newEmail(), password: PASSWORD }));
  assert.equal(unwrap(await bob.restore()), null);
  assert.equal(alice.getSnapshot().status, "signedIn");
});

test("under jsdom without a URL of the page, a relative baseUrl says what is missing", async () => {
  const { location } = globalThis;
  Object.defineProperty(globalThis, "location", { value: new JSDOM().window.location, configurable: true });
  await assert.rejects(new Latchkey().me(), /baseUrl of Latchkey is not given, and there is no page here/);
  Object.defineProperty(globalThis, "location", { value: location, configurable: true });
});
