/** What mails and providers bring to a page, read from its URL. In jsdom's page. */
import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { JSDOM } from "jsdom";
import { type Arrival, Latchkey, readArrival, unwrap } from "../src/index.ts";
import { serveAnswers } from "./servers.ts";

const ORIGIN = "http://localhost:5173";

/** Opens a page there, and gives back what was read, what the address bar says since, and what the console. */
function arriveAt(path: string, kept?: string): { arrival: Arrival | null; left: string; said: string[] } {
  const { window } = new JSDOM("", { url: ORIGIN + path });
  for (const name of ["location", "history", "sessionStorage"] as const) {
    Object.defineProperty(globalThis, name, { value: window[name], configurable: true, writable: true });
  }
  if (kept) window.sessionStorage.setItem("latchkey.flow", kept);
  const errors = mock.method(console, "error", () => {});
  try {
    const arrival = readArrival();
    const said = errors.mock.calls.map(({ arguments: [line] }) => String(line));
    return { arrival, left: window.location.href.slice(ORIGIN.length), said };
  } finally {
    errors.mock.restore();
  }
}

test("a mail's link is read from the fragment and leaves the address bar", () => {
  const { arrival, left } = arriveAt("/account/confirm?flow=f1#token_hash=abc&type=recovery");
  assert.deepEqual(arrival, { kind: "link", request: { type: "recovery", tokenHash: "abc", flow: "f1" } });
  assert.equal(left, "/account/confirm");
});

test("a link without its flow is one of another browser, or of an invitation", () => {
  const { arrival } = arriveAt("/account/confirm#token_hash=abc&type=invite");
  assert.deepEqual(arrival, { kind: "link", request: { type: "invite", tokenHash: "abc" } });
});

test("a link that is not whole, or of a kind that nobody knows, is refused", () => {
  for (const fragment of ["token_hash=abc", "token_hash=abc&type=fax"]) {
    const { arrival, left } = arriveAt(`/account/confirm#${fragment}`);
    assert.ok(arrival?.kind === "refused" && arrival.error.code === "auth_code_invalid");
    assert.equal(left, "/account/confirm");
  }
});

test("a provider's code, or one of a mail with Supabase's own template, is there to be completed", () => {
  for (const page of ["/account/return", "/account/confirm"]) {
    const { arrival, left, said } = arriveAt(`${page}?flow=f1&code=c1`);
    assert.deepEqual(arrival, { kind: "return", request: { flow: "f1", code: "c1" } });
    assert.equal(left, page);
    assert.deepEqual(said, []);
  }
});

test("what is the app's own stays in the address bar", () => {
  assert.equal(arriveAt("/account/return?flow=f1&lang=en&code=c1#top").left, "/account/return?lang=en#top");
  const { arrival, left } = arriveAt("/notes?page=2#token");
  assert.equal(arrival, null);
  assert.equal(left, "/notes?page=2#token");
});

test("a refusal in query and fragment is one, and is asked about with its flow", () => {
  const error = "error=access_denied&error_code=otp_expired&error_description=Email+link+is+invalid";
  const { arrival, left } = arriveAt(`/account/confirm?${error}&flow=f1#${error}&sb=`);
  assert.deepEqual(arrival, {
    kind: "return",
    request: { flow: "f1", error: "access_denied", errorCode: "otp_expired" },
  });
  assert.equal(left, "/account/confirm");
});

test("a refusal that is not ASCII, or without end, is made one that the service takes", () => {
  const { arrival } = arriveAt(`/account/return?flow=f1#error=${encodeURIComponent("nein, äh\n")}${"x".repeat(300)}`);
  assert.ok(arrival?.kind === "return" && arrival.request.error);
  assert.match(arrival.request.error, /^nein, \?h\?x+$/);
  assert.equal(arrival.request.error.length, 200);
});

test("a refusal that lost its flow is asked about with the one that this tab keeps", () => {
  const { arrival } = arriveAt("/?error=invalid_request&error_code=bad_oauth_state", "kept-flow");
  assert.ok(arrival?.kind === "return" && arrival.request.flow === "kept-flow");
});

test("a refusal without any flow is told apart by what Supabase says", () => {
  const codes: [query: string, code: string][] = [
    ["error=access_denied&error_code=otp_expired", "auth_code_invalid"],
    ["error=access_denied&error_code=signup_disabled", "auth_signup_disabled"],
    ["error=access_denied&error_code=user_banned", "auth_user_banned"],
    ["error=access_denied&error_code=provider_email_needs_verification", "auth_email_not_confirmed"],
    ["error=server_error&error_code=email_exists", "auth_email_taken"],
    ["error=server_error&error_code=identity_already_exists", "auth_identity_taken"],
    ["error=invalid_request&error_code=bad_oauth_state", "auth_flow_invalid"],
    ["error=invalid_request&error_code=bad_oauth_callback", "auth_flow_invalid"],
    ["error=invalid_request&error_code=flow_state_not_found", "auth_flow_invalid"],
    ["error=invalid_request&error_code=flow_state_expired", "auth_flow_expired"],
    ["error=invalid_request&error_code=saml_relay_state_expired", "auth_flow_expired"],
    ["error=invalid_request&error_code=provider_disabled", "auth_provider_disabled"],
    ["error=server_error&error_code=over_email_send_rate_limit", "rate_limited"],
    ["error=server_error&error_code=unknown", "auth_rejected"],
    ["error=server_error&error_code=unexpected_failure", "auth_provider_denied"],
    ["error=server_error", "upstream_error"],
    ["error=access_denied", "auth_provider_denied"],
  ];
  for (const [query, code] of codes) {
    for (const path of [`/?${query}`, `/#${query}`]) {
      const { arrival, left } = arriveAt(path);
      assert.ok(arrival?.kind === "refused");
      assert.equal(arrival.error.code, code, path);
      assert.equal(left, "/");
    }
  }
});

test("a code without its flow says which setting of the project is missing", () => {
  const { arrival, left, said } = arriveAt("/?code=c1");
  assert.ok(arrival?.kind === "astray");
  assert.match(arrival.message, /redirect URLs/);
  assert.match(said.join(), /redirect URLs/);
  assert.equal(left, "/");
});

test("with the flow that this tab keeps such a code is good all the same, and the console says what to set", () => {
  const { arrival, said } = arriveAt("/?code=c1", "kept-flow");
  assert.deepEqual(arrival, { kind: "return", request: { flow: "kept-flow", code: "c1" } });
  assert.match(said.join(), /redirect URLs/);
});

test("tokens in a URL are never taken, and leave the address bar", () => {
  const { arrival, left } = arriveAt("/#access_token=a.b.c&refresh_token=secret&expires_in=3600&token_type=bearer&type=signup");
  assert.equal(arrival?.kind, "astray");
  assert.equal(left, "/");
});

test("the first of two addresses says that the other one is left", () => {
  const { arrival, left } = arriveAt("/account/confirm?flow=f1#message=Confirmation+link+accepted&sb=");
  assert.deepEqual(arrival, { kind: "confirm_other_address" });
  assert.equal(left, "/account/confirm");
});

test("a start keeps its flow in this tab, and its end forgets it", async () => {
  arriveAt("/sign-in");
  const start = { url: `${ORIGIN}/elsewhere`, flow: "a-flow", expiresIn: 600 };
  const { url } = await serveAnswers({
    "POST /auth/oauth/start": [200, start],
    "POST /auth/oauth/complete": [410, { code: "auth_flow_expired", message: "This flow is too old", details: {} }],
  });
  const client = new Latchkey({ baseUrl: url });
  unwrap(await client.startOAuth({ provider: "github" }, { navigate: false }));
  assert.equal(sessionStorage.getItem("latchkey.flow"), "a-flow");
  assert.equal((await client.completeOAuth({ flow: "a-flow", code: "c" })).error?.code, "auth_flow_expired");
  assert.equal(sessionStorage.getItem("latchkey.flow"), null);
});
