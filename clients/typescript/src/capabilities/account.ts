import type { CallOptions, Core } from "../core/session.ts";
import type { MeError, Result } from "../errors.ts";
import type { components } from "../schema.ts";

export interface Account {
  /** The signed-in user with the profile. A rejected token is renewed, and the request repeated, once. */
  me(options?: CallOptions): Promise<Result<components["schemas"]["UserWithProfile"], MeError>>;
}

export function account({ asUser }: Core): Account {
  return {
    async me(options = {}) {
      const { data, error } = await asUser("GET", "/auth/me", {}, options);
      return error ? { error } : { data: data.user };
    },
  };
}
