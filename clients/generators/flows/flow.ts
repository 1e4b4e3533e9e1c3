import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { CookieJar } from "tough-cookie";

/** Where the service answers. */
export const SERVICE = process.env["LATCHKEY_URL"] ?? "";

export const account = {
  email: `generated-${randomBytes(8).toString("hex")}@example.com`,
  password: "correct horse battery staple",
  profile: { displayName: "Ada Lovelace" },
};
export const credentials = { email: account.email, password: account.password };

/** What a browser does and Node does not: it keeps cookies, and it knows which host a path belongs to. */
const jar = new CookieJar();
const send = globalThis.fetch;
globalThis.fetch = async (input, init) => {
  const request = input instanceof Request ? new Request(input, init) : new Request(new URL(input, SERVICE), init);
  request.headers.set("Cookie", jar.getCookieStringSync(request.url));
  const response = await send(request);
  for (const cookie of response.headers.getSetCookie()) jar.setCookieSync(cookie, request.url);
  return response;
};

/** The generated client has the user's own profile, as it was signed up. */
export function check(me: { user: { email: string; profile: { displayName: string | null } } } | undefined): void {
  assert.equal(me?.user.email, account.email);
  assert.deepEqual(me.user.profile, account.profile);
  console.log("signed up, signed in, called me");
}

/** The generated client types an error by its code. */
export function checkRefused(error: { code: "auth_invalid_credentials"; message: string } | undefined): void {
  assert.equal(error?.code, "auth_invalid_credentials");
}
