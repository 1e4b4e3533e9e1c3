/** The step-up, and what comes of it when its answer does not come. Against answers as the contract has them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Latchkey, unwrap } from "../src/index.ts";
import { LatchkeyAmong } from "../src/latchkey.ts";
import { webLocks } from "./needs.ts";
import { ADA, type Answer, type Answers, failed, serveAnswers, sessionOf } from "./servers.ts";
import { record, timed, until } from "./watch.ts";

const FACTOR = { id: "6f0c1d9a-3c5e-4d7b-8a42-1b9f5e7c2d34", type: "totp", name: "Phone" };
const CODE = { factorId: FACTOR.id, code: "123456" };
const AAL1 = sessionOf(ADA, "a.b.c", { mfa: { required: true, factors: [FACTOR] }, next: "mfa" });
const AAL2 = sessionOf(ADA, "d.e.f", { aal: "aal2", mfa: { required: false, factors: [FACTOR] } });
const ENDED: Answer = [401, failed("auth_refresh_invalid", "The session has ended")];

async function signedIn(answers: Answers, timeout = 30) {
  const service = await serveAnswers({ "POST /auth/refresh": [200, AAL1], ...answers });
  const client = new Latchkey({ baseUrl: service.url, timeout });
  unwrap(await client.refresh());
  service.seen.length = 0;
  return { ...service, client };
}

test("who has a second factor is signed in at aal1 and told what is next", async () => {
  const { client } = await signedIn({});
  const { user, aal, mfa, next } = AAL1;
  assert.deepEqual(client.getSnapshot(), { status: "signedIn", user, aal, mfa, next });
});

test("a step-up raises the session, in every tab, without a sign-in", async () => {
  const { client } = await signedIn({ "POST /auth/mfa/verify": [200, AAL2] });
  const events = record(client);
  assert.deepEqual(unwrap(await client.mfa.verify(CODE)), { user: ADA, next: null });
  const session = client.getSnapshot();
  assert.ok(session.status === "signedIn" && session.aal === "aal2" && session.next === null);
  assert.equal(unwrap(await client.accessToken()), "d.e.f");
  assert.deepEqual(events, ["refreshed", "refreshed"]);
});

test("a step-up is made right after a refresh, whose cookie stays good for seconds, in case its answer is lost", async () => {
  const { client, seen } = await signedIn({ "POST /auth/mfa/verify": [200, AAL2] });
  unwrap(await client.mfa.verify(CODE));
  assert.deepEqual(seen, ["POST /auth/refresh", "POST /auth/mfa/verify"]);
});

test("without a refresh before it there is no step-up", async () => {
  const { client, seen } = await signedIn({
    "POST /auth/refresh": [[200, AAL1], [503, failed("upstream_unavailable")], ENDED],
  });
  assert.equal((await client.mfa.verify(CODE)).error?.code, "upstream_unavailable");
  assert.equal(client.getSnapshot().status, "signedIn");
  assert.equal((await client.mfa.verify(CODE)).error?.code, "unauthorized");
  assert.equal(client.getSnapshot().status, "signedOut");
  assert.equal((await client.mfa.verify(CODE)).error?.code, "unauthorized");
  assert.deepEqual(seen, ["POST /auth/refresh", "POST /auth/refresh"]);
});

test("a wrong code changes nothing", async () => {
  const { client, seen } = await signedIn({ "POST /auth/mfa/verify": [422, failed("auth_mfa_code_invalid")] });
  assert.equal((await client.mfa.verify(CODE)).error?.code, "auth_mfa_code_invalid");
  assert.deepEqual(seen, ["POST /auth/refresh", "POST /auth/mfa/verify"]);
});

test("a token that was rejected is renewed in the same turn", async () => {
  const { client, seen } = await signedIn({
    "POST /auth/mfa/verify": [
      [401, failed("unauthorized")],
      [200, AAL2],
    ],
  });
  unwrap(await client.mfa.verify(CODE));
  assert.deepEqual(seen, ["POST /auth/refresh", "POST /auth/mfa/verify", "POST /auth/refresh", "POST /auth/mfa/verify"]);
});

test("a lost answer is not repeated: it is asked at once what came of it", async () => {
  const { client, seen } = await signedIn({
    "POST /auth/mfa/verify": [504, failed("upstream_timeout")],
    "POST /auth/refresh": [
      [200, AAL1],
      [200, AAL1],
      [200, AAL2],
    ],
  });
  assert.deepEqual(unwrap(await client.mfa.verify(CODE)), { user: ADA, next: null });
  assert.deepEqual(seen, ["POST /auth/refresh", "POST /auth/mfa/verify", "POST /auth/refresh"]);
});

test("a lost answer that did not raise the session is told as such, with what became of it", async () => {
  const outcomes: [Answer, string][] = [
    [[200, AAL1], "kept"],
    [ENDED, "ended"],
    [[502, failed("upstream_error")], "unknown"],
  ];
  for (const [refreshed, session] of outcomes) {
    const { client } = await signedIn({
      "POST /auth/mfa/verify": [504, failed("upstream_timeout")],
      "POST /auth/refresh": [[200, AAL1], [200, AAL1], refreshed],
    });
    const { error } = await client.mfa.verify(CODE);
    assert.ok(error?.code === "step_up_lost");
    assert.deepEqual(error.details, { session });
    assert.equal(client.getSnapshot().status, session === "ended" ? "signedOut" : "signedIn");
  }
});

test("an outage in the middle of a step-up may have come after it: that is found out too", async () => {
  const outcomes: [Answer, string | undefined][] = [
    [[200, AAL2], undefined],
    [[200, AAL1], "upstream_unavailable"],
    [[503, failed("upstream_unavailable")], "upstream_unavailable"],
    [ENDED, "step_up_lost"],
  ];
  for (const [refreshed, code] of outcomes) {
    const { client } = await signedIn({
      "POST /auth/mfa/verify": [503, failed("upstream_unavailable")],
      "POST /auth/refresh": [[200, AAL1], [200, AAL1], refreshed],
    });
    assert.equal((await client.mfa.verify(CODE)).error?.code, code);
    assert.equal(client.getSnapshot().status, code === "step_up_lost" ? "signedOut" : "signedIn");
  }
});

test("an answer that never comes leaves time to find out", async () => {
  const { client } = await signedIn(
    {
      "POST /auth/mfa/verify": [null],
      "POST /auth/refresh": [
        [200, AAL1],
        [200, AAL1],
        [200, AAL2],
      ],
    },
    1,
  );
  const [took, result] = await timed(client.mfa.verify(CODE));
  assert.deepEqual(unwrap(result), { user: ADA, next: null });
  assert.ok(took >= 450 && took < 900, `${took} ms`);
});

test("whoever stops waiting does not stop the step-up", async () => {
  const { client } = await signedIn({ "POST /auth/mfa/verify": [200, AAL2] });
  const controller = new AbortController();
  const verifying = client.mfa.verify(CODE, { signal: controller.signal });
  controller.abort();
  await assert.rejects(verifying);
  await until(() => {
    const session = client.getSnapshot();
    return session.status === "signedIn" && session.aal === "aal2";
  });
});

test("another user's cookies are found out about at once, and nothing is verified for them", async () => {
  const grace = { id: "another-id", email: "grace@example.com" };
  const { client, seen } = await signedIn({
    "POST /auth/refresh": [
      [200, AAL1],
      [200, sessionOf(grace)],
    ],
  });
  assert.equal((await client.mfa.verify(CODE)).error?.code, "auth_session_conflict");
  assert.deepEqual(client.user, grace);
  assert.deepEqual(seen, ["POST /auth/refresh"]);
});

test("so are those that come between the refresh and the step-up", async () => {
  const grace = { id: "another-id", email: "grace@example.com" };
  const { client } = await signedIn({
    "POST /auth/mfa/verify": [409, failed("auth_session_conflict")],
    "POST /auth/refresh": [
      [200, AAL1],
      [200, AAL1],
      [200, sessionOf(grace)],
    ],
  });
  assert.equal((await client.mfa.verify(CODE)).error?.code, "auth_session_conflict");
  assert.deepEqual(client.user, grace);
});

test("no tab takes the turn of a step-up away, however long it lasts", webLocks, async () => {
  let answer = () => {};
  const answered = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const service = await serveAnswers({ "POST /auth/refresh": [200, AAL1], "POST /auth/mfa/verify": [200, AAL2] });
  const around = { locks: navigator.locks, Channel: BroadcastChannel };
  const slow = async (request: Request) => {
    if (request.url.endsWith("/auth/mfa/verify")) await answered;
    return fetch(request);
  };
  const one = new LatchkeyAmong({ baseUrl: service.url, fetch: slow }, () => around);
  const other = new LatchkeyAmong({ baseUrl: service.url, timeout: 0.4 }, () => around);
  try {
    unwrap(await one.refresh());
    const verifying = one.mfa.verify(CODE);
    await until(() => one.user !== null);
    const { error } = await other.refresh(); // half of its time is over long before
    assert.ok(error?.code === "network_error" && error.details.reason === "timeout");
    answer();
    unwrap(await verifying);
    unwrap(await other.refresh());
    assert.equal(service.seen.indexOf("POST /auth/mfa/verify"), 3);
  } finally {
    one.close();
    other.close();
  }
});

test("factors are listed, enrolled and deleted, and the session is asked for again after that", async () => {
  const listed = { ...FACTOR, verified: true };
  const enrolled = { ...FACTOR, totp: { secret: "JBSW", uri: "otpauth://totp/x", qrSvg: "<svg/>" } };
  const { client, seen, bodies } = await signedIn({
    "GET /auth/mfa/factors": [200, { factors: [listed] }],
    "POST /auth/mfa/factors": [201, enrolled],
    [`DELETE /auth/mfa/factors/${FACTOR.id}`]: [204],
  });
  assert.deepEqual(unwrap(await client.mfa.factors()), [listed]);
  assert.deepEqual(unwrap(await client.mfa.enroll({ name: "Phone" })), enrolled);
  assert.deepEqual(bodies.at(-1), { name: "Phone", type: "totp" });
  assert.equal(unwrap(await client.mfa.unenroll(FACTOR.id)), null);
  assert.equal(seen.at(-1), "POST /auth/refresh");
});
