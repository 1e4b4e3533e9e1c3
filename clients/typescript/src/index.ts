export type { SignedUp } from "./capabilities/sign-up.ts";
export type { CallOptions } from "./core/session.ts";
export type { LatchkeyEvents, SignedOutReason, Snapshot, User } from "./core/state.ts";
export {
  isSessionEnded,
  isTemporary,
  LatchkeyError,
  type LatchkeyErrorBody,
  type MeError,
  type NetworkError,
  type OperationError,
  type RefreshError,
  type RestoreError,
  type Result,
  type SessionEndedCode,
  type SignInError,
  type SignOutError,
  type SignUpError,
  type TransportError,
  type UnexpectedResponseError,
  unwrap,
} from "./errors.ts";
export { Latchkey, type LatchkeyOptions } from "./latchkey.ts";
export type { components, operations, paths } from "./schema.ts";
