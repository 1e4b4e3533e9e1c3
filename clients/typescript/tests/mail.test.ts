/** What goes by mail, and the state of whoever followed it. Against answers as the contract has them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Latchkey, unwrap } from "../src/index.ts";
import { PASSWORD } from "./browser.ts";
import { ADA, type Answers, failed, serveAnswers, sessionOf } from "./servers.ts";
import { record } from "./watch.ts";

const FACTOR = { id: "6f0c1d9a-3c5e-4d7b-8a42-1b9f5e7c2d34", type: "totp", name: "Phone" };
const BEFORE_MFA = { mfa: { required: true, factors: [FACTOR] }, next: "mfa" };
const AFTER_MFA = { aal: "aal2", mfa: { required: false, factors: [FACTOR] } };

async function clientOf(answers: Answers) {
  const service = await serveAnswers(answers);
  return { ...service, client: new Latchkey({ baseUrl: service.url }) };
}

function nextOf(client: Latchkey) {
  const session = client.getSnapshot();
  return session.status === "signedIn" ? session.next : session.status;
}

test("a link signs in, and a recovery leaves the new password to be set", async () => {
  const { client, bodies } = await clientOf({
    "POST /auth/verify": [200, sessionOf(ADA, "a.b.c", { next: "set_password" })],
    "POST /auth/refresh": [200, sessionOf(ADA, "d.e.f")],
    "PUT /auth/password": [
      [422, failed("auth_weak_password", "weak", { reasons: ["length"] })],
      [200, { ok: true }],
    ],
  });
  const events = record(client);
  const request = { type: "recovery", tokenHash: "hash", flow: "flow" } as const;
  assert.deepEqual(unwrap(await client.verify(request)), { user: ADA, next: "set_password" });
  assert.deepEqual(bodies.at(-1), request);
  unwrap(await client.refresh());
  assert.equal(nextOf(client), "set_password"); // a refresh does not forget it
  assert.equal((await client.setPassword({ newPassword: "short" })).error?.code, "auth_weak_password");
  assert.equal(nextOf(client), "set_password");
  assert.equal(unwrap(await client.setPassword({ newPassword: PASSWORD })), null);
  assert.equal(nextOf(client), null);
  assert.deepEqual(events, ["signedIn", "refreshed", "refreshed"]);
});

test("a password is still due after the second factor that came before it", async () => {
  const { client } = await clientOf({
    "POST /auth/verify": [200, sessionOf(ADA, "a.b.c", BEFORE_MFA)],
    "POST /auth/refresh": [200, sessionOf(ADA, "b.c.d", BEFORE_MFA)], // what comes before a step-up
    "POST /auth/mfa/verify": [200, sessionOf(ADA, "d.e.f", AFTER_MFA)],
    "PUT /auth/password": [200, { ok: true }],
  });
  assert.equal(unwrap(await client.verify({ type: "recovery", tokenHash: "hash" })).next, "mfa");
  const { next } = unwrap(await client.mfa.verify({ factorId: FACTOR.id, code: "123456" }));
  assert.equal(next, "set_password");
  assert.equal(nextOf(client), "set_password");
  unwrap(await client.setPassword({ newPassword: PASSWORD }));
  assert.equal(nextOf(client), null);
});

test("a password is not due for whoever signs in after a recovery", async () => {
  const { client } = await clientOf({
    "POST /auth/verify": [200, sessionOf(ADA, "a.b.c", { next: "set_password" })],
    "POST /auth/signin": [200, sessionOf()],
  });
  unwrap(await client.verify({ type: "recovery", tokenHash: "hash" }));
  unwrap(await client.signIn({ email: ADA.email, password: PASSWORD }));
  assert.equal(nextOf(client), null);
});

test("the first of two addresses opens no session, and says what is left", async () => {
  const { client } = await clientOf({ "POST /auth/verify": [200, { session: null, next: "confirm_other_address" }] });
  const outcome = unwrap(await client.verify({ type: "email_change", tokenHash: "hash" }));
  assert.deepEqual(outcome, { user: null, next: "confirm_other_address" });
  assert.equal(client.getSnapshot().status, "unknown");
});

test("a link of another browser asks for the address, and is sent again with it", async () => {
  const { client, bodies } = await clientOf({
    "POST /auth/verify": [
      [403, failed("auth_address_required")],
      [200, sessionOf()],
    ],
  });
  const request = { type: "signup", tokenHash: "hash" } as const;
  assert.equal((await client.verify(request)).error?.code, "auth_address_required");
  assert.deepEqual(unwrap(await client.verify({ ...request, email: ADA.email })).user, ADA);
  assert.deepEqual(bodies.at(-1), { ...request, email: ADA.email });
});

test("mails are asked for by anybody, and their answer says nothing", async () => {
  const { client, seen, bodies, tokens } = await clientOf({
    "POST /auth/verify/resend": [202, { ok: true }],
    "POST /auth/otp": [202, { ok: true }],
    "POST /auth/password/recover": [202],
  });
  assert.equal(unwrap(await client.resend({ type: "signup", email: ADA.email })), null);
  assert.equal(unwrap(await client.sendOtp({ email: ADA.email, createUser: false })), null);
  assert.equal(unwrap(await client.recoverPassword({ email: ADA.email, captchaToken: "passed" })), null);
  assert.deepEqual(seen, ["GET /auth/csrf", "POST /auth/verify/resend", "POST /auth/otp", "POST /auth/password/recover"]);
  assert.deepEqual(bodies.at(-1), { email: ADA.email, captchaToken: "passed" });
  assert.deepEqual(tokens, [undefined, undefined, undefined, undefined]);
});

test("the signed-in user changes name, address and password, and asks for a code", async () => {
  const changed = { ...ADA, profile: { displayName: "Countess" } };
  const { client, bodies, tokens } = await clientOf({
    "POST /auth/refresh": [200, sessionOf()],
    "PATCH /auth/me": [200, { user: changed }],
    "PUT /auth/email": [202, { confirm: "both" }],
    "POST /auth/reauthenticate": [202, { ok: true }],
  });
  assert.deepEqual(unwrap(await client.updateProfile({ displayName: "Countess" })), changed);
  assert.deepEqual(bodies.at(-1), { profile: { displayName: "Countess" } });
  assert.deepEqual(unwrap(await client.changeEmail("ada.lovelace@example.com")), { confirm: "both" });
  assert.deepEqual(bodies.at(-1), { email: "ada.lovelace@example.com" });
  assert.equal(unwrap(await client.reauthenticate()), null);
  assert.deepEqual(tokens.slice(-3), Array(3).fill("header.payload.signature"));
});

test("what the project has switched on is asked for without a session", async () => {
  const said = { signUp: true, providers: ["github"], captcha: null };
  const { client, seen } = await clientOf({ "GET /auth/config": [200, said] });
  assert.deepEqual(unwrap(await client.config()), said);
  assert.deepEqual(seen, ["GET /auth/config"]);
});
