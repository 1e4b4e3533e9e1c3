import { SESSION_ENDED, TEMPORARY } from "./codes.ts";
import type { operations } from "./schema.ts";

type JsonBody<Response> = Response extends { content: { "application/json": infer Body } } ? Body : never;
type FailureStatus<Responses> = Exclude<keyof Responses, 200>;

/** What the service answers when this operation fails, as the contract says: one member for each `code`. */
export type OperationError<Operation extends keyof operations> = {
  [Status in FailureStatus<operations[Operation]["responses"]>]: JsonBody<operations[Operation]["responses"][Status]>;
}[FailureStatus<operations[Operation]["responses"]>];

/** No answer came: offline, a dead host, a timeout, or a page whose origin the service does not allow (CORS). */
export interface NetworkError {
  code: "network_error";
  message: string;
  details: Record<string, never>;
}

/** Something else than the service answered: a proxy's error page, a captive portal. */
export interface UnexpectedResponseError {
  code: "unexpected_response";
  message: string;
  details: { status: number };
}

/** What the client itself adds to the contract's errors. */
export type TransportError = NetworkError | UnexpectedResponseError;

/** A POST fetches its CSRF token first, and that can fail too. */
type PostError<Operation extends keyof operations> =
  | OperationError<Operation>
  | OperationError<"getCsrfToken">
  | TransportError;

export type SignUpError = PostError<"signUp">;
export type SignInError = PostError<"signIn">;
export type RefreshError = PostError<"refreshSession">;
/** As a refresh, but that nobody is signed in is no error at start-up. */
export type RestoreError = Exclude<RefreshError, { code: "auth_refresh_missing" | "auth_refresh_invalid" }>;
export type SignOutError = PostError<"logout">;
export type MeError = OperationError<"getMe"> | RefreshError | TransportError;

/** Every error that the client can return. */
export type LatchkeyErrorBody = SignUpError | SignInError | RefreshError | SignOutError | MeError;

/** What an operation returns: `data`, or an `error` to switch on by its `code`. */
export type Result<Data, Failure extends LatchkeyErrorBody> =
  | { data: Data; error?: undefined }
  | { data?: undefined; error: Failure };

/** A failure as an exception, for code that throws: queries, interceptors, `fetch`. */
export class LatchkeyError<Failure extends LatchkeyErrorBody = LatchkeyErrorBody> extends Error {
  override readonly name = "LatchkeyError";
  readonly error: Failure;

  constructor(error: Failure) {
    super(`${error.code}: ${error.message}`);
    this.error = error;
  }
}

/** The data of a result; throws a `LatchkeyError` where there is none. */
export function unwrap<Data, Failure extends LatchkeyErrorBody>(result: Result<Data, Failure>): Data {
  if (result.error) throw new LatchkeyError(result.error);
  return result.data as Data;
}

export type SessionEndedCode = (typeof SESSION_ENDED)[number];

/** Whether a refresh failed because there is no session any more. Nothing else signs anybody out. */
export function isSessionEnded<Failure extends LatchkeyErrorBody>(
  error: Failure,
): error is Extract<Failure, { code: SessionEndedCode }> {
  return (SESSION_ENDED as readonly string[]).includes(error.code);
}

/** What the client adds to the contract's errors may pass as well. */
const MAY_PASS = [...TEMPORARY, "network_error", "unexpected_response"] as const;

/** Whether the same request may succeed later: offer to try again, after `details.retryAfter` seconds where it is given. */
export function isTemporary<Failure extends LatchkeyErrorBody>(
  error: Failure,
): error is Extract<Failure, { code: (typeof MAY_PASS)[number] }> {
  return (MAY_PASS as readonly string[]).includes(error.code);
}
