export { type Arrival, readArrival } from "./arrival.ts";
export type { Verified } from "./capabilities/mail.ts";
export type { SteppedUp } from "./capabilities/mfa.ts";
export type { Completed, StartOptions } from "./capabilities/oauth.ts";
export type { SignOutOptions } from "./capabilities/session.ts";
export type { SignedUp } from "./capabilities/sign-up.ts";
export type { CallOptions } from "./core/session.ts";
export type { LatchkeyEvents, Next, SignedOutReason, Snapshot, User } from "./core/state.ts";
export {
  type Arrived,
  type ChangeEmailError,
  type CompleteOAuthError,
  type ConfigError,
  type DeleteAccountError,
  type EndSessionError,
  type EnrollError,
  type FactorsError,
  type IdentitiesError,
  isSessionEnded,
  isTemporary,
  LatchkeyError,
  type LatchkeyErrorBody,
  type LinkError,
  type MeError,
  type NetworkError,
  type OperationError,
  type ReauthenticateError,
  type RecoverPasswordError,
  type RefreshError,
  type ResendError,
  type RestoreError,
  type Result,
  type SendOtpError,
  type SessionEndedCode,
  type SessionsError,
  type SetPasswordError,
  type SignInError,
  type SignOutError,
  type SignUpError,
  type StartOAuthError,
  type StartSsoError,
  type StepUpError,
  type StepUpLostError,
  type TransportError,
  type UnenrollError,
  type UnexpectedResponseError,
  type UnlinkError,
  type UpdateProfileError,
  unwrap,
  type VerifyError,
} from "./errors.ts";
export { Latchkey, type LatchkeyOptions } from "./latchkey.ts";
export type { components, operations, paths } from "./schema.ts";
