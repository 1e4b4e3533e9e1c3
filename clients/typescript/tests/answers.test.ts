/** What counts as an answer of the service. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Latchkey, unwrap } from "../src/index.ts";
import { PASSWORD } from "./browser.ts";
import { ADA, type Answer, serveAnswers, sessionOf } from "./servers.ts";

async function clientOf(answers: Record<string, Answer>): Promise<Latchkey> {
  return new Latchkey({ baseUrl: (await serveAnswers(answers)).url });
}

test("200, 201 and 202 with a body are successes", async () => {
  for (const status of [200, 201, 202]) {
    const client = await clientOf({
      "POST /auth/signin": [status, sessionOf()],
      "GET /auth/me": [status, { user: { ...ADA, profile: { displayName: null } } }],
    });
    assert.deepEqual(unwrap(await client.signIn({ email: ADA.email, password: PASSWORD })), ADA);
    assert.deepEqual(unwrap(await client.me()).profile, { displayName: null });
  }
});

test("an empty success is one where nothing is expected", async () => {
  for (const answer of [[204], [202], [200, { ok: true }]] satisfies Answer[]) {
    const client = await clientOf({ "POST /auth/logout": answer, "POST /auth/refresh": [200, sessionOf()] });
    unwrap(await client.refresh());
    assert.equal(unwrap(await client.signOut()), null);
    assert.equal(client.getSnapshot().status, "signedOut");
  }
});

test("an empty success is none where a session is expected", async () => {
  const client = await clientOf({ "POST /auth/signin": [204] });
  const { error } = await client.signIn({ email: ADA.email, password: PASSWORD });
  assert.ok(error?.code === "unexpected_response" && error.details.status === 204);
});

test("a property that the contract does not know is kept and does no harm", async () => {
  const client = await clientOf({ "POST /auth/refresh": [200, { ...sessionOf(), level: "gold" }] });
  assert.deepEqual(unwrap(await client.refresh()), ADA);
});

test("a first load of nobody is one request, where the service tells", async () => {
  const { url, seen } = await serveAnswers({ "GET /auth/csrf": [200, { csrfToken: "a-token", session: "absent" }] });
  const client = new Latchkey({ baseUrl: url });
  const [restored, me, token] = await Promise.all([client.restore(), client.me(), client.accessToken()]);
  assert.equal(unwrap(restored), null);
  assert.equal(me.error?.code, "unauthorized");
  assert.equal(unwrap(token), null);
  assert.deepEqual(client.getSnapshot(), { status: "signedOut", user: null, reason: null, elsewhere: false });
  assert.deepEqual(seen, ["GET /auth/csrf"]);
});

test("where a session is present, or the service does not tell, a first load asks for it", async () => {
  for (const session of ["present", undefined]) {
    const { url, seen } = await serveAnswers({
      "GET /auth/csrf": [200, { csrfToken: "a-token", session }],
      "POST /auth/refresh": [200, sessionOf()],
    });
    assert.deepEqual(unwrap(await new Latchkey({ baseUrl: url }).restore()), ADA);
    assert.deepEqual(seen, ["GET /auth/csrf", "POST /auth/refresh"]);
  }
});

test("whether a session was there once is not asked again: a later refresh is one", async () => {
  const { url, seen } = await serveAnswers({
    "GET /auth/csrf": [200, { csrfToken: "a-token", session: "absent" }],
    "POST /auth/refresh": [200, sessionOf()],
  });
  const client = new Latchkey({ baseUrl: url });
  unwrap(await client.restore());
  assert.deepEqual(unwrap(await client.restore()), ADA); // signed in meanwhile, by another program of this origin
  assert.deepEqual(seen, ["GET /auth/csrf", "POST /auth/refresh"]);
});
