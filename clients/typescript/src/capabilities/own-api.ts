import type { CallOptions, Core } from "../core/session.ts";
import { requestWith } from "../core/wire.ts";
import { LatchkeyError, type RefreshError, type Result } from "../errors.ts";

export interface OwnApi {
  /** An access token that is good for now, renewed where needed; null when nobody is signed in. For interceptors. */
  accessToken(options?: CallOptions): Promise<Result<string | null, RefreshError>>;

  /** A token in place of one that a server rejected with 401; null when the session has ended. For interceptors. */
  renew(rejected: string, options?: CallOptions): Promise<Result<string | null, RefreshError>>;

  /** Whether the access token may travel to this URL: the service's origin, the page's, or one of `tokenOrigins`. */
  maySendTokenTo(url: string): boolean;

  /**
   * `fetch` for your own API, with the access token. On 401 the token is renewed and the request repeated, once. Throws
   * a `LatchkeyError` when the token cannot be renewed now, and a TypeError for a URL that must not see the token.
   */
  fetch(input: RequestInfo | URL, init?: RequestInit): Promise<Response>;
}

export function ownApi(
  { accessToken, renew }: Core,
  base: () => string,
  tokenOrigins: readonly string[],
  send: (request: Request) => Promise<Response>,
): OwnApi {
  const page = () => globalThis.location?.href;

  function maySendTokenTo(url: string): boolean {
    const { origin } = new URL(url, page());
    if (origin === "null") return false; // of a file, or of a sandboxed frame: anybody's
    return [base(), page(), ...tokenOrigins].some((known) => known !== undefined && new URL(known).origin === origin);
  }

  return {
    accessToken: (options) => accessToken(options),
    renew: (rejected, options) => renew(rejected, options),
    maySendTokenTo,
    async fetch(input, init = {}) {
      const { signal, ...rest } = init;
      const target = typeof input === "string" || input instanceof URL ? new URL(input, page()).href : input;
      const request = signal ? requestWith(target, rest, signal) : new Request(target, init);
      if (!maySendTokenTo(request.url)) throw new TypeError(`${new URL(request.url).origin} is not one of tokenOrigins`);
      const options = { signal: signal ?? request.signal };
      const token = orThrow(await accessToken(options));
      const response = await send(withBearer(request.clone(), token));
      if (response.status !== 401 || !token) return response;
      const renewed = orThrow(await renew(token, options));
      return renewed ? send(withBearer(request, renewed)) : response;
    },
  };
}

function withBearer(request: Request, token: string | null): Request {
  if (token) request.headers.set("Authorization", `Bearer ${token}`);
  return request;
}

function orThrow(result: Result<string | null, RefreshError>): string | null {
  if (result.error) throw new LatchkeyError(result.error);
  return result.data;
}
