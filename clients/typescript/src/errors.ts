import { SESSION_ENDED, TEMPORARY } from "./codes.ts";
import type { components, operations } from "./schema.ts";

type Responses<Operation> = Operation extends { responses: infer All } ? All : never;

/** What the contract calls success: 200, 201, 202 and 204 alike. */
type SuccessStatus<All> = { [Status in keyof All]: `${Status & number}` extends `2${string}` ? Status : never }[keyof All];

type JsonBody<Response> = Response extends { content: { "application/json": infer Body } } ? Body : never;
type JsonBodyOrNull<Response> = Response extends { content: { "application/json": infer Body } } ? Body : null;

/** What an operation answers when it succeeds; null where that is nothing. */
export type SuccessOf<Operation> = {
  [Status in SuccessStatus<Responses<Operation>>]: JsonBodyOrNull<Responses<Operation>[Status]>;
}[SuccessStatus<Responses<Operation>>];

/** An error as it arrived. */
export interface Arrived {
  /** Of its response; 0 where none came. It says how to treat a code that this client does not know. */
  status: number;
}

/** What an operation answers when it fails. */
export type FailureOf<Operation> = {
  [Status in Exclude<keyof Responses<Operation>, SuccessStatus<Responses<Operation>>>]: JsonBody<Responses<Operation>[Status]>;
}[Exclude<keyof Responses<Operation>, SuccessStatus<Responses<Operation>>>];

/** What the service answers when this operation fails, as the contract says: one member for each `code`. */
export type OperationError<Name extends keyof operations> = FailureOf<operations[Name]> & Arrived;

/**
 * No answer came. `details.reason` is what is known of why: `offline`, `timeout`, `origin` (the service is there, and does not
 * know the page's origin: its CORS_ORIGINS) or `unreachable`.
 */
export interface NetworkError extends Arrived {
  code: "network_error";
  message: string;
  details: { reason: "offline" | "timeout" | "origin" | "unreachable" };
}

export function networkError(reason: NetworkError["details"]["reason"], message: string): NetworkError {
  return { code: "network_error", message, details: { reason }, status: 0 };
}

/** Something else than the service answered: a proxy's error page, a captive portal. */
export interface UnexpectedResponseError extends Arrived {
  code: "unexpected_response";
  message: string;
  details: { status: number };
}

/** What the client itself adds to the contract's errors. */
export type TransportError = NetworkError | UnexpectedResponseError;

/**
 * The answer to the code of a second factor was lost, and the session is not at aal2. `details.session` is what was found out
 * since: `kept` (ask for a new code), `ended` (ask to sign in again) or `unknown` (the service could not be asked).
 */
export interface StepUpLostError extends Arrived {
  code: "step_up_lost";
  message: string;
  details: { session: "kept" | "ended" | "unknown" };
}

/** Whatever is no GET fetches its CSRF token first, and that can fail too. */
type PostError<Operation extends keyof operations> =
  | OperationError<Operation>
  | OperationError<"getCsrfToken">
  | TransportError;

/** As the signed-in user, whose token may have to be renewed first. */
type UserError<Operation extends keyof operations> = OperationError<Operation> | RefreshError | Unauthorized;
type Unauthorized = components["schemas"]["Unauthorized"] & Arrived;

export type SignUpError = PostError<"signUp">;
export type SignInError = PostError<"signIn">;
/** That this browser has somebody else's cookies ends the session here, so it is no error of its own. */
export type RefreshError = Exclude<PostError<"refreshSession">, { code: "auth_session_conflict" }>;
/** As a refresh, but that nobody is signed in is no error at start-up. */
export type RestoreError = Exclude<RefreshError, { code: "auth_refresh_missing" | "auth_refresh_invalid" }>;
export type SignOutError = PostError<"logout"> | UserError<"logout">;
export type MeError = UserError<"getMe">;
export type UpdateProfileError = UserError<"updateMe">;
export type ConfigError = OperationError<"getConfig"> | TransportError;
export type VerifyError = PostError<"verify">;
export type ResendError = PostError<"resendMail">;
export type SendOtpError = PostError<"sendOtp">;
export type RecoverPasswordError = PostError<"recoverPassword">;
export type SetPasswordError = UserError<"setPassword">;
export type ReauthenticateError = UserError<"reauthenticate">;
export type ChangeEmailError = UserError<"changeEmail">;
export type StartOAuthError = PostError<"startOauth">;
export type StartSsoError = PostError<"startSso">;
export type CompleteOAuthError = PostError<"completeOauth">;
export type LinkError = UserError<"startOauth">;
export type IdentitiesError = UserError<"listIdentities">;
export type UnlinkError = UserError<"unlinkIdentity">;
export type FactorsError = UserError<"listFactors">;
export type EnrollError = UserError<"enrollFactor">;
export type UnenrollError = UserError<"deleteFactor">;
export type StepUpError = UserError<"verifyFactor"> | StepUpLostError;
export type SessionsError = UserError<"listSessions">;
export type EndSessionError = UserError<"endSession">;
export type DeleteAccountError = UserError<"deleteAccount">;

/** Every error that the client can return. */
export type LatchkeyErrorBody =
  | { [Name in keyof operations]: OperationError<Name> }[keyof operations]
  | TransportError
  | StepUpLostError;

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

/** Statuses that pass: a code that this client does not know is treated by them. */
const PASSES = [408, 425, 429];

/** Whether the same request may succeed later: offer to try again, after `details.retryAfter` seconds where it is given. */
export function isTemporary<Failure extends LatchkeyErrorBody>(
  error: Failure,
): error is Extract<Failure, { code: (typeof MAY_PASS)[number] }> {
  return (MAY_PASS as readonly string[]).includes(error.code) || error.status >= 500 || PASSES.includes(error.status);
}
