import type { CallOptions, Core } from "../core/session.ts";
import type { ConfigError, Result } from "../errors.ts";
import type { components } from "../schema.ts";

export interface Config {
  /** What the project has switched on: which forms and buttons a sign-in page has. The same for everybody. */
  config(options?: CallOptions): Promise<Result<components["schemas"]["AuthConfig"], ConfigError>>;
}

export function config({ operation, send }: Core): Config {
  return {
    config: (options = {}) =>
      operation<components["schemas"]["AuthConfig"], ConfigError>(options, (limit) => send("GET", "/auth/config", {}, limit)),
  };
}
