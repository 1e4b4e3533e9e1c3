import type { CallOptions, Core } from "../core/session.ts";
import type { ChangeEmailError, Result } from "../errors.ts";
import type { components } from "../schema.ts";

type Schemas = components["schemas"];

export interface Email {
  /**
   * Mails links and codes to change the address by. `confirm` says which addresses have to: the new `one`, or `both`. Until
   * then everything stays as it is; the last `verify` opens a new session.
   */
  changeEmail(email: string, options?: CallOptions): Promise<Result<Schemas["EmailChangeResult"], ChangeEmailError>>;
}

export function email({ asUser }: Core): Email {
  return {
    changeEmail: (address, options = {}) => asUser("PUT", "/auth/email", { body: { email: address } }, options),
  };
}
