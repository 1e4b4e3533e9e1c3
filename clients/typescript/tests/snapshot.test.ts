import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { Latchkey, type Snapshot, unwrap } from "../src/index.ts";
import { Browser, CUT_OFF_SERVICE, newEmail, PASSWORD, redirected, SERVICE } from "./browser.ts";
import { ADA, serveAnswers, sessionOf } from "./servers.ts";

test("a subscriber hears the present state at once, and each later one", async () => {
  const tab = new Browser().tab();
  const states: Snapshot[] = [];
  const stop = tab.subscribe((snapshot) => states.push(snapshot));
  assert.deepEqual(states, [{ status: "unknown", user: null, error: null }]);
  unwrap(await tab.restore());
  const { user } = unwrap(await tab.signUp({ email: newEmail(), password: PASSWORD }));
  unwrap(await tab.signOut());
  assert.deepEqual(states.slice(1), [
    { status: "signedOut", user: null, reason: null, elsewhere: false },
    { status: "signedIn", user, aal: "aal1", mfa: { required: false, factors: [] }, next: null },
    { status: "signedOut", user: null, reason: "signed_out", elsewhere: false },
  ]);
  assert.equal(states.at(-1), tab.getSnapshot());
  stop();
  unwrap(await tab.signUp({ email: newEmail(), password: PASSWORD }));
  assert.equal(states.length, 4);
});

test("a snapshot stays the same object until something changes, and cannot be changed", async () => {
  const tab = await new Browser().signedIn();
  const snapshot = tab.getSnapshot();
  unwrap(await tab.refresh());
  unwrap(await tab.me());
  assert.equal(tab.getSnapshot(), snapshot);
  assert.ok(snapshot.status === "signedIn");
  assert.throws(() => Object.assign(snapshot, { status: "signedOut" }), TypeError);
  assert.throws(() => Object.assign(snapshot.user, { id: "somebody else" }), TypeError);
});

test("an outage at start-up leaves it unknown, and says why", async () => {
  const browser = new Browser();
  await browser.signedIn();
  const reloaded = browser.tab();
  browser.intercept = (request) => redirected(request, CUT_OFF_SERVICE);
  const { error } = await reloaded.restore();
  const snapshot = reloaded.getSnapshot();
  assert.ok(snapshot.status === "unknown" && snapshot.error?.code === "upstream_unavailable");
  assert.deepEqual(snapshot.error, error);
  browser.intercept = (request) => request;
  unwrap(await reloaded.restore());
  assert.equal(reloaded.getSnapshot().status, "signedIn");
});

test("a session that has ended before the page was loaded says so", async () => {
  const browser = new Browser();
  browser.jar.setCookieSync("sb_refresh_token=no-such-token; Path=/; HttpOnly", SERVICE);
  const tab = browser.tab();
  assert.equal(unwrap(await tab.restore()), null);
  assert.deepEqual(tab.getSnapshot(), { status: "signedOut", user: null, reason: "auth_refresh_invalid", elsewhere: false });
});

test("a listener that throws keeps nothing from the caller or from the others", async () => {
  const complaints = mock.method(console, "error", () => {});
  try {
    const { url } = await serveAnswers({ "POST /auth/signin": [200, sessionOf()] });
    const client = new Latchkey({ baseUrl: url });
    const heard: string[] = [];
    client.on("signedIn", () => {
      throw new Error("a listener's own");
    });
    client.subscribe(() => {
      throw new Error("a subscriber's own");
    });
    client.on("signedIn", ({ user }) => heard.push(user.email));
    client.subscribe(({ status }) => heard.push(status));
    assert.deepEqual(unwrap(await client.signIn({ email: ADA.email, password: PASSWORD })), ADA);
    assert.deepEqual(heard, ["unknown", "signedIn", ADA.email]);
    const said = complaints.mock.calls.map(({ arguments: [failure] }) => (failure as Error).message);
    assert.deepEqual(said, ["a subscriber's own", "a subscriber's own", "a listener's own"]);
  } finally {
    complaints.mock.restore();
  }
});

test("one function can subscribe twice, and each stops by itself", () => {
  const client = new Latchkey();
  let count = 0;
  const listener = () => {
    count += 1;
  };
  const [first, second] = [client.subscribe(listener), client.subscribe(listener)];
  assert.equal(count, 2);
  first();
  first();
  second();
});
