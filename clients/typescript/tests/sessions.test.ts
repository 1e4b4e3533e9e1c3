/** Other devices, other scopes of signing out, and leaving. Against answers as the contract has them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Latchkey, unwrap } from "../src/index.ts";
import { ADA, type Answers, failed, serveAnswers, sessionOf } from "./servers.ts";
import { record } from "./watch.ts";

const OWN = "9c8b1e44-2d07-4f6a-a3b9-50e7d1c6f282";
const OTHER = "1c8b1e44-2d07-4f6a-a3b9-50e7d1c6f282";
/** Long enough for its base64url to need both of the letters that base64 has not. */
const PAYLOAD = Buffer.from(JSON.stringify({ session_id: OWN, app: "ÿþ?>~" })).toString("base64url");

async function signedIn(answers: Answers) {
  const service = await serveAnswers({ "POST /auth/refresh": [200, sessionOf(ADA, `head.${PAYLOAD}.sign`)], ...answers });
  const client = new Latchkey({ baseUrl: service.url });
  unwrap(await client.refresh());
  return { ...service, client };
}

test("devices are listed; ending another one leaves this one", async () => {
  const listed = [{ id: OWN, current: true }];
  const { client } = await signedIn({
    "GET /auth/sessions": [200, { sessions: listed }],
    [`DELETE /auth/sessions/${OTHER}`]: [204],
  });
  assert.deepEqual(unwrap(await client.sessions()), listed);
  assert.equal(unwrap(await client.endSession(OTHER)), null);
  assert.equal(client.getSnapshot().status, "signedIn");
});

test("ending the present session signs out here", async () => {
  const { client } = await signedIn({ [`DELETE /auth/sessions/${OWN}`]: [204] });
  const events = record(client);
  unwrap(await client.endSession(OWN));
  assert.deepEqual(events, ["signedOut"]);
  assert.equal(unwrap(await client.accessToken()), null);
});

test("signing the others out leaves this session", async () => {
  const { client, bodies, tokens } = await signedIn({ "POST /auth/logout": [200, { ok: true }] });
  assert.equal(unwrap(await client.signOut({ scope: "others" })), null);
  assert.deepEqual(bodies.at(-1), { scope: "others" });
  assert.ok(tokens.at(-1));
  assert.equal(client.getSnapshot().status, "signedIn");
});

test("signing out everywhere ends this session too, and only when it was done", async () => {
  const required = failed("auth_mfa_required", "A second factor is required", { factors: [] });
  const { client, bodies } = await signedIn({
    "POST /auth/logout": [
      [403, required],
      [200, { ok: true }],
    ],
  });
  assert.equal((await client.signOut({ scope: "global" })).error?.code, "auth_mfa_required");
  assert.ok(unwrap(await client.accessToken()));
  unwrap(await client.signOut({ scope: "global" }));
  assert.deepEqual(bodies.at(-1), { scope: "global" });
  assert.equal(client.getSnapshot().status, "signedOut");
});

test("signing out everywhere renews a token that is not good any more", async () => {
  const { client, seen } = await signedIn({
    "POST /auth/logout": [
      [401, failed("unauthorized")],
      [200, { ok: true }],
    ],
  });
  unwrap(await client.signOut({ scope: "global" }));
  assert.deepEqual(seen.slice(-3), ["POST /auth/logout", "POST /auth/refresh", "POST /auth/logout"]);
  assert.equal(client.getSnapshot().status, "signedOut");
});

test("a plain sign-out is asked for as before", async () => {
  const { client, bodies } = await signedIn({ "POST /auth/logout": [200, { ok: true }] });
  unwrap(await client.signOut());
  assert.equal(bodies.at(-1), null);
});

test("a deleted account signs out, and says why", async () => {
  const { client, bodies } = await signedIn({
    "POST /auth/account/deletion": [
      [422, failed("auth_confirmation_mismatch")],
      [200, { ok: true }],
    ],
  });
  assert.equal((await client.deleteAccount("eva@example.com")).error?.code, "auth_confirmation_mismatch");
  assert.equal(client.getSnapshot().status, "signedIn");
  assert.equal(unwrap(await client.deleteAccount(ADA.email)), null);
  assert.deepEqual(bodies.at(-1), { confirm: ADA.email });
  const gone = { status: "signedOut", user: null, reason: "account_deleted", elsewhere: false };
  assert.deepEqual(client.getSnapshot(), gone);
});

test("cookies of somebody else are asked about once more, and then the session has ended", async () => {
  const conflict = failed("auth_session_conflict", "This browser has another user's session");
  const { url, seen } = await serveAnswers({ "POST /auth/refresh": [409, conflict] });
  const client = new Latchkey({ baseUrl: url });
  assert.equal(unwrap(await client.restore()), null);
  assert.deepEqual(seen, ["GET /auth/csrf", "POST /auth/refresh", "POST /auth/refresh"]);
  assert.equal(client.getSnapshot().status, "signedOut");

  const passing = await serveAnswers({
    "POST /auth/refresh": [
      [409, conflict],
      [200, sessionOf()],
    ],
  });
  assert.deepEqual(unwrap(await new Latchkey({ baseUrl: passing.url }).restore()), ADA);
});
