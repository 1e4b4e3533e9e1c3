import { randomBytes } from "node:crypto";
import { after } from "node:test";
import { CookieJar } from "tough-cookie";
import type { Surroundings } from "../src/core/surroundings.ts";
import { type Latchkey, type LatchkeyOptions, unwrap } from "../src/index.ts";
import { LatchkeyAmong } from "../src/latchkey.ts";

/** The services that the tests run against: one works, one cannot reach its Supabase, one confirms addresses. */
export const SERVICE = required("LATCHKEY_URL");
export const CUT_OFF_SERVICE = required("LATCHKEY_CUT_OFF_URL");
export const CONFIRMING_SERVICE = required("LATCHKEY_CONFIRMING_URL");

export const PASSWORD = "correct horse battery staple";

export function newEmail(): string {
  return `client-${randomBytes(8).toString("hex")}@example.com`;
}

function required(name: string): string {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set: these tests are started by \`make test\``);
  return value;
}

/** Cookies, locks and channels that all tabs share, as in a browser; and a record of what went over the wire. */
export class Browser {
  /** Node's own, which work as a browser's do. A client takes them of itself only on a page. */
  around: Surroundings = { locks: globalThis.navigator?.locks, Channel: BroadcastChannel };
  readonly jar = new CookieJar();
  readonly requests: string[] = [];
  /** Changes requests on their way out, or keeps them from leaving. */
  intercept: (request: Request) => Request | Promise<Request> = (request) => request;

  tab(options: LatchkeyOptions = {}): Latchkey {
    const tab = new LatchkeyAmong({ baseUrl: SERVICE, fetch: this.fetch, ...options }, () => this.around);
    after(() => tab.close());
    return tab;
  }

  /** A new user, signed in with a first tab. */
  async signedIn(options: LatchkeyOptions = {}): Promise<Latchkey> {
    const tab = this.tab(options);
    unwrap(await tab.signUp({ email: newEmail(), password: PASSWORD, profile: { displayName: "Ada Lovelace" } }));
    this.requests.length = 0;
    return tab;
  }

  /** How often this was asked for: "POST /auth/refresh". */
  count(what: string): number {
    return this.requests.filter((request) => request === what).length;
  }

  cookies(): string[] {
    return this.jar.getCookiesSync(SERVICE).map((cookie) => cookie.key);
  }

  readonly fetch = async (original: Request): Promise<Response> => {
    const request = await this.intercept(original);
    this.requests.push(`${request.method} ${new URL(request.url).pathname}`);
    if (request.credentials === "include") request.headers.set("Cookie", this.jar.getCookieStringSync(request.url));
    const response = await fetch(request);
    for (const cookie of response.headers.getSetCookie()) this.jar.setCookieSync(cookie, request.url);
    return response;
  };
}

/** The same request to another service. */
export function redirected(request: Request, base: string): Request {
  return new Request(new URL(new URL(request.url).pathname, base), request);
}

/** The same request with an access token that no server accepts. */
export function withBadToken(request: Request): Request {
  if (request.headers.has("Authorization")) request.headers.set("Authorization", "Bearer aaaa.bbbb.cccc");
  return request;
}
