import type { LatchkeyErrorBody, OperationError, Result, TransportError } from "../errors.ts";
import type { components } from "../schema.ts";
import type { Answer, CallError, Init, Method, PathsOf } from "./contract.ts";
import { noAnswer } from "./diagnosis.ts";
import { orAborted, timed } from "./limit.ts";

/** Services before 0.3 do not tell whether a session's cookie came along. */
type Told = components["schemas"]["CsrfTokenResult"];
type CsrfToken = Omit<Told, "session"> & Partial<Pick<Told, "session">>;
type CsrfError = OperationError<"getCsrfToken"> | TransportError;

/**
 * Sends one request, with a CSRF token unless it is a GET. A CSRF token that is not accepted is replaced, and the request
 * repeated, once. Never rejects for what comes back, or does not.
 */
export type Send = <M extends Method, Path extends PathsOf<M>>(
  method: M,
  path: Path,
  init: Init<M, Path>,
  limit: AbortSignal,
) => Promise<Result<Answer<M, Path>, CallError<M, Path>>>;

export interface Wire {
  send: Send;
  /** Fetches a CSRF token where there is none, and tells what came with it; undefined where there is one already. */
  greet(limit: AbortSignal): Promise<Result<CsrfToken | undefined, CsrfError>>;
}

interface Message {
  method: Method;
  path: string;
  /** What stands for the names in the path. */
  names?: Record<string, string> | undefined;
  body?: unknown;
  token?: string | null | undefined;
  csrfToken?: string;
  mayBeEmpty?: boolean | undefined;
}

/** `timeout` is in milliseconds. */
export function createWire(base: () => string, fetch: (request: Request) => Promise<Response>, timeout: number): Wire {
  let csrf: Promise<Result<CsrfToken, CsrfError>> | undefined;
  let wasHeard = false;

  async function exchange<Data, Failure extends LatchkeyErrorBody>(
    { method, path, names = {}, body, token, csrfToken, mayBeEmpty }: Message,
    limit: AbortSignal,
  ): Promise<Result<Data, Failure | TransportError>> {
    const headers: Record<string, string> = {};
    if (body !== undefined) headers["Content-Type"] = "application/json";
    if (token) headers["Authorization"] = `Bearer ${token}`;
    if (csrfToken) headers["X-CSRF-Token"] = csrfToken;
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const request = requestWith(base() + filled(path, names), { method, headers, credentials: "include", ...text }, limit);
    try {
      const response = await fetch(request);
      wasHeard = true;
      return resultOf(await response.text(), response, mayBeEmpty);
    } catch (failure) {
      return { error: await noAnswer(failure, base(), wasHeard, limit) };
    }
  }

  /** Who asks at the same time shares one request, which no one of them can abort. */
  function csrfToken(limit: AbortSignal): Promise<Result<CsrfToken, CsrfError>> {
    if (!csrf) {
      const asked = timed(timeout, undefined, (own) =>
        exchange<CsrfToken, OperationError<"getCsrfToken">>({ method: "GET", path: "/auth/csrf" }, own),
      );
      csrf = asked;
      const forget = () => {
        if (csrf === asked) csrf = undefined;
      };
      asked.then(({ error }) => error && forget(), forget);
    }
    return orAborted(csrf, limit);
  }

  async function withCsrfToken(message: Message, limit: AbortSignal): Promise<Result<unknown, LatchkeyErrorBody>> {
    const { data, error } = await csrfToken(limit);
    if (error) return { error };
    const used = csrf;
    const result = await exchange<unknown, LatchkeyErrorBody>({ ...message, csrfToken: data.csrfToken }, limit);
    if (result.error?.code === "csrf_failed" && csrf === used) csrf = undefined;
    return result;
  }

  async function send(method: Method, path: string, { path: names, ...init }: Parts, limit: AbortSignal) {
    const message: Message = { method, path, names, ...init };
    if (method === "GET") return exchange<unknown, LatchkeyErrorBody>(message, limit);
    const first = await withCsrfToken(message, limit);
    // With the reason "origin" no token will do: the service does not know this page.
    const isCurable = first.error?.code === "csrf_failed" && first.error.details.reason !== "origin";
    return isCurable ? withCsrfToken(message, limit) : first;
  }

  return {
    send: send as Send,
    greet: async (limit) => (csrf ? { data: undefined } : csrfToken(limit)),
  };
}

type Parts = Pick<Message, "body" | "token" | "mayBeEmpty"> & { path?: Record<string, string> };

/** Puts ids into a path of the contract. */
function filled(path: string, names: Record<string, string>): string {
  return path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(names[name] ?? ""));
}

/** A request that the signal aborts, where the two come from the same maker: jsdom has signals of its own, and no requests. */
export function requestWith(input: RequestInfo | URL, init: RequestInit, signal: AbortSignal): Request {
  try {
    return new Request(input, { ...init, signal });
  } catch {
    return new Request(input, init);
  }
}

function resultOf<Data, Failure extends LatchkeyErrorBody>(
  text: string,
  { ok, status }: Response,
  mayBeEmpty: boolean | undefined,
): Result<Data, Failure | TransportError> {
  if (ok && mayBeEmpty && !text) return { data: null as Data };
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy's page, or nothing.
  }
  if (ok && isObject(body)) return { data: body as Data };
  return { error: asError<Failure>(ok ? undefined : body, status) };
}

/** The body of a failed response as the contract's error, when it is one. */
export function asError<Failure extends LatchkeyErrorBody>(body: unknown, status: number): Failure | TransportError {
  const isOurs = isObject(body) && typeof body["code"] === "string" && isObject(body["details"]);
  if (isOurs) return { ...body, status } as unknown as Failure;
  return { code: "unexpected_response", message: "The answer is not one of Latchkey's", details: { status }, status };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
