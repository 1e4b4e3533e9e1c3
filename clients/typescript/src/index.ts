export { type CallOptions, Latchkey, type LatchkeyEvents, type LatchkeyOptions } from "./client.ts";
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
export type { components, operations, paths } from "./schema.ts";
export type { SignedOutReason, User } from "./tabs.ts";
