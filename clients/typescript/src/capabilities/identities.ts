import type { CallOptions, Core } from "../core/session.ts";
import type { IdentitiesError, Result, UnlinkError } from "../errors.ts";
import type { components } from "../schema.ts";

type Schemas = components["schemas"];

export interface Identities {
  /** The user's ways to sign in: providers, and `email`. */
  identities(options?: CallOptions): Promise<Result<Schemas["Identity"][], IdentitiesError>>;

  /** Takes a way to sign in away. Offer it only where there is another. The user's address may change: ask `me` again. */
  unlink(identityId: string, options?: CallOptions): Promise<Result<null, UnlinkError>>;
}

export function identities({ asUser }: Core): Identities {
  return {
    async identities(options = {}) {
      const { data, error } = await asUser("GET", "/auth/identities", {}, options);
      return error ? { error } : { data: data.identities };
    },

    unlink: (identityId, options = {}) =>
      asUser("DELETE", "/auth/identities/{identityId}", { path: { identityId }, mayBeEmpty: true }, options),
  };
}
