/** Providers and linked accounts. Against answers as the contract has them; what needs a page is in arrival.test.ts. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Latchkey, unwrap } from "../src/index.ts";
import { ADA, type Answers, failed, serveAnswers, sessionOf } from "./servers.ts";
import { record } from "./watch.ts";

const START = { url: "https://example.supabase.co/auth/v1/authorize?provider=github", flow: "a-flow", expiresIn: 600 };

async function clientOf(answers: Answers) {
  const service = await serveAnswers(answers);
  return { ...service, client: new Latchkey({ baseUrl: service.url }) };
}

test("a flow begins by a provider or by a directory; where there is no page its URL is returned", async () => {
  const { client, bodies, tokens } = await clientOf({
    "POST /auth/oauth/start": [200, START],
    "POST /auth/sso/start": [200, START],
  });
  assert.deepEqual(unwrap(await client.startOAuth({ provider: "github", returnTo: "/notes" })), START);
  assert.deepEqual(bodies.at(-1), { provider: "github", returnTo: "/notes" });
  assert.deepEqual(unwrap(await client.startSso({ domain: "example.com" }, { navigate: false })), START);
  assert.deepEqual(bodies.at(-1), { domain: "example.com" });
  assert.deepEqual(tokens, [undefined, undefined, undefined]);
});

test("linking is asked for as the signed-in user", async () => {
  const { client, bodies, tokens } = await clientOf({
    "POST /auth/refresh": [200, sessionOf()],
    "POST /auth/oauth/start": [200, START],
  });
  unwrap(await client.link({ provider: "github" }));
  assert.deepEqual(bodies.at(-1), { provider: "github", intent: "link" });
  assert.equal(tokens.at(-1), "header.payload.signature");
});

test("a completed flow signs in and says where to go on", async () => {
  const tokens = { accessToken: "gho_1" };
  const { client, bodies } = await clientOf({
    "POST /auth/oauth/complete": [200, sessionOf(ADA, "a.b.c", { returnTo: "/notes", providerTokens: tokens })],
  });
  const events = record(client);
  const completed = unwrap(await client.completeOAuth({ flow: "a-flow", code: "a-code" }));
  assert.deepEqual(completed, { user: ADA, next: null, returnTo: "/notes", providerTokens: tokens });
  assert.deepEqual(bodies.at(-1), { flow: "a-flow", code: "a-code" });
  assert.deepEqual(events, ["signedIn"]);
  assert.ok(!JSON.stringify(client.getSnapshot()).includes("gho_1"));
});

test("a refusal of the provider is a code to switch on, and signs nobody out", async () => {
  const { client } = await clientOf({
    "POST /auth/refresh": [200, sessionOf()],
    "POST /auth/oauth/complete": [403, failed("auth_provider_denied")],
  });
  unwrap(await client.restore());
  assert.equal((await client.completeOAuth({ flow: "f", error: "access_denied" })).error?.code, "auth_provider_denied");
  assert.deepEqual(client.user, ADA);
});

test("ways to sign in are listed and taken away", async () => {
  const identity = { id: "3d1f2a70-95c4-4d0e-8b1c-7f64a2c5e913", provider: "github" };
  const { client } = await clientOf({
    "POST /auth/refresh": [200, sessionOf()],
    "GET /auth/identities": [200, { identities: [identity] }],
    [`DELETE /auth/identities/${identity.id}`]: [[409, failed("auth_last_identity")], [204]],
  });
  assert.deepEqual(unwrap(await client.identities()), [identity]);
  assert.equal((await client.unlink(identity.id)).error?.code, "auth_last_identity");
  assert.equal(unwrap(await client.unlink(identity.id)), null);
});
