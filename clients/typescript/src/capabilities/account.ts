import type { CallOptions, Core } from "../core/session.ts";
import type { MeError, Result, UpdateProfileError } from "../errors.ts";
import type { components } from "../schema.ts";

type Schemas = components["schemas"];

export interface Account {
  /** The signed-in user with the profile. A rejected token is renewed, and the request repeated, once. */
  me(options?: CallOptions): Promise<Result<Schemas["UserWithProfile"], MeError>>;

  /** Changes what is given of the profile, and leaves the rest. Returns the user with the changed profile. */
  updateProfile(
    profile: Schemas["ProfileChange"],
    options?: CallOptions,
  ): Promise<Result<Schemas["UserWithProfile"], UpdateProfileError>>;
}

export function account({ asUser }: Core): Account {
  return {
    async me(options = {}) {
      const { data, error } = await asUser("GET", "/auth/me", {}, options);
      return error ? { error } : { data: data.user };
    },

    async updateProfile(profile, options = {}) {
      const { data, error } = await asUser("PATCH", "/auth/me", { body: { profile } }, options);
      return error ? { error } : { data: data.user };
    },
  };
}
