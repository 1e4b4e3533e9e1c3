import type { LatchkeyErrorBody, Result, TransportError } from "./errors.ts";

interface Exchange<Data, Failure> {
  data?: Data;
  error?: Failure;
  response: Response;
}

/**
 * Turns what openapi-fetch gives into a result: whatever is not the contract's own answer becomes a `TransportError`.
 * Throws only when the caller aborts, with the signal's reason.
 */
export async function exchange<Data, Failure extends LatchkeyErrorBody>(
  send: () => Promise<Exchange<Data, Failure>>,
  signal: AbortSignal | undefined,
): Promise<Result<Data, Failure | TransportError>> {
  let status = 0;
  try {
    const { data, error, response } = await send();
    status = response.status;
    if (response.ok && isObject(data)) return { data };
    return { error: asError<Failure>(response.ok ? undefined : error, status) };
  } catch (failure) {
    signal?.throwIfAborted();
    // A SyntaxError is a body that is not JSON; everything else is an answer that never came.
    if (failure instanceof SyntaxError) return { error: asError<Failure>(undefined, status) };
    return { error: { code: "network_error", message: String(failure), details: {} } };
  }
}

/** The body of a failed response as the contract's error, when it is one. `status` is 0 where it is not known. */
export function asError<Failure extends LatchkeyErrorBody>(body: unknown, status: number): Failure | TransportError {
  if (isObject(body) && typeof body["code"] === "string" && isObject(body["details"])) return body as unknown as Failure;
  return { code: "unexpected_response", message: "The answer is not one of Latchkey's", details: { status } };
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

/** Settles as `work` does, or rejects when the signal aborts; the work itself goes on, for whoever else waits for it. */
export async function orAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (!signal) return work;
  signal.throwIfAborted();
  let abort = () => {};
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason);
    signal.addEventListener("abort", abort);
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
