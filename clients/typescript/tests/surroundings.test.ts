/** Where there is no page: one process, many people. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Latchkey, unwrap } from "../src/index.ts";
import { Browser, newEmail, PASSWORD, SERVICE } from "./browser.ts";
import { serveAnswers, sessionOf } from "./servers.ts";

test("on a server two clients are two people", async () => {
  const alice = new Latchkey({ baseUrl: SERVICE, fetch: new Browser().fetch });
  const bob = new Latchkey({ baseUrl: SERVICE, fetch: new Browser().fetch });
  const heard: string[] = [];
  bob.subscribe(({ status }) => heard.push(status));
  unwrap(await alice.signUp({ email: newEmail(), password: PASSWORD }));
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.deepEqual(heard, ["unknown"]);
  assert.equal((await bob.me()).error?.code, "unauthorized");
  unwrap(await bob.signUp({ email: newEmail(), password: PASSWORD }));
  assert.notEqual(unwrap(await bob.me()).id, unwrap(await alice.me()).id);
});

test("on a server nobody waits for somebody else's turn", async () => {
  const { url } = await serveAnswers({ "POST /auth/refresh": [200, sessionOf()] });
  let release = () => {};
  const held = new Promise<Response>((resolve) => {
    release = () => resolve(new Response(null, { status: 204 }));
  });
  const stuck = new Latchkey({ baseUrl: url, fetch: () => held });
  const waiting = stuck.refresh();
  unwrap(await new Latchkey({ baseUrl: url }).refresh());
  release();
  await waiting;
});

test("a client constructs anywhere, and does nothing before it is used", async () => {
  const asked: Request[] = [];
  const fetch = async (request: Request) => {
    asked.push(request);
    return new Response();
  };
  for (const baseUrl of ["", "/api", "not a URL:", "https://auth.example.com/"]) {
    const client = new Latchkey({ baseUrl, fetch });
    assert.deepEqual(client.getSnapshot(), { status: "unknown", user: null, error: null });
    assert.equal(client.user, null);
  }
  new Latchkey();
  assert.deepEqual(asked, []);
});

test("without a page, a request of a client without an absolute URL says so", async () => {
  for (const client of [new Latchkey(), new Latchkey({ baseUrl: "/api" })]) {
    for (const call of [client.me(), client.restore(), client.signIn({ email: "", password: "" }), client.signOut()]) {
      await assert.rejects(call, { name: "TypeError", message: /baseUrl of Latchkey .* no page here/ });
    }
  }
});

test("on a page the URL is relative to the page", async () => {
  const { url, seen } = await serveAnswers({ "GET /api/auth/csrf": [200, { csrfToken: "a", session: "absent" }] });
  const client = new Latchkey({ baseUrl: "/api/" });
  Object.defineProperty(globalThis, "location", { value: new URL(`${url}/some/page`), configurable: true });
  try {
    assert.equal(unwrap(await client.restore()), null);
    assert.deepEqual(seen, ["GET /api/auth/csrf"]);
  } finally {
    Reflect.deleteProperty(globalThis, "location");
  }
});

test("a client works behind a Proxy, and so do its methods without it", async () => {
  const tab = new Browser().tab();
  const proxy = new Proxy(tab, {});
  const { signIn, signUp, signOut, me, fetch, subscribe, getSnapshot, on, restore } = proxy;
  const email = newEmail();
  const events: string[] = [];
  on("signedIn", ({ user }) => events.push(user.email));
  subscribe(({ status }) => events.push(status));
  unwrap(await signUp({ email, password: PASSWORD }));
  unwrap(await signOut());
  unwrap(await signIn({ email, password: PASSWORD }));
  unwrap(await restore());
  assert.equal(unwrap(await me()).email, email);
  assert.equal(proxy.user?.email, email);
  assert.equal(getSnapshot().status, "signedIn");
  const handedOn = { fetch };
  assert.equal((await handedOn.fetch(`${SERVICE}/auth/me`)).status, 200);
  assert.deepEqual(events, ["unknown", "signedIn", email, "signedOut", "signedIn", email]);
  assert.ok(tab instanceof Object.getPrototypeOf(tab).constructor);
});

test("a browser's own fetch may be given as it is", async () => {
  const { url } = await serveAnswers({ "POST /auth/refresh": [200, sessionOf()] });
  function strict(this: unknown, request: Request): Promise<Response> {
    assert.ok(this === undefined || this === globalThis, "Illegal invocation");
    return fetch(request);
  }
  unwrap(await new Latchkey({ baseUrl: url, fetch: strict }).restore());
});

test("AbortSignal.any and AbortSignal.timeout may be missing", async () => {
  const any = Object.getOwnPropertyDescriptor(AbortSignal, "any");
  const timeout = Object.getOwnPropertyDescriptor(AbortSignal, "timeout");
  assert.ok(any && timeout);
  Reflect.deleteProperty(AbortSignal, "any");
  Reflect.deleteProperty(AbortSignal, "timeout");
  try {
    const tab = await new Browser().signedIn();
    unwrap(await tab.me({ signal: new AbortController().signal }));
    unwrap(await tab.signOut({ signal: new AbortController().signal }));
  } finally {
    Object.defineProperty(AbortSignal, "any", any);
    Object.defineProperty(AbortSignal, "timeout", timeout);
  }
});
