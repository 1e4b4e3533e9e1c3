import { forgetFlow, keepFlow } from "../core/flow.ts";
import type { CallOptions, Core } from "../core/session.ts";
import type { Next, User } from "../core/state.ts";
import type { CompleteOAuthError, LatchkeyErrorBody, LinkError, Result, StartOAuthError, StartSsoError } from "../errors.ts";
import type { components } from "../schema.ts";

type Schemas = components["schemas"];

export interface StartOptions extends CallOptions {
  /** False: returns the URL and stays on the page. Otherwise the browser goes there. */
  navigate?: boolean | undefined;
}

export interface Completed {
  user: User;
  /** What to do first; then go on at `returnTo`. */
  next: Next | null;
  /** The path that the start was given. */
  returnTo?: string | undefined;
  /** The provider's own tokens, once, where the service hands them over. */
  providerTokens?: Schemas["ProviderTokens"] | undefined;
}

export interface OAuth {
  /** Begins to sign in by a provider: the browser goes there, and comes back to `/account/return`. */
  startOAuth(
    body: Omit<Schemas["StartOauthRequest"], "intent">,
    options?: StartOptions,
  ): Promise<Result<Schemas["FlowStart"], StartOAuthError>>;

  /** The same by the company's own directory. */
  startSso(body: Schemas["StartSsoRequest"], options?: StartOptions): Promise<Result<Schemas["FlowStart"], StartSsoError>>;

  /**
   * The same to add a provider to the signed-in user. Only on a click of the user's, and never pass its URL on: whoever
   * consents there adds the own account to this user's.
   */
  link(
    body: Omit<Schemas["StartOauthRequest"], "intent">,
    options?: StartOptions,
  ): Promise<Result<Schemas["FlowStart"], LinkError>>;

  /**
   * Finishes what a provider, a directory or a mail's link began, and signs in, in every tab. `readArrival` makes the request
   * out of the page's URL. Once only: a reload of that page cannot work.
   */
  completeOAuth(body: Schemas["CompleteOauthRequest"], options?: CallOptions): Promise<Result<Completed, CompleteOAuthError>>;
}

export function oauth({ operation, inTurn, send, asUser, state, enter }: Core): OAuth {
  return {
    startOAuth: ({ provider, returnTo, scopes }, { navigate, ...options } = {}) =>
      operation<Schemas["FlowStart"], StartOAuthError>(options, async (limit) => {
        const body = given({ provider, returnTo, scopes });
        return begun(await send("POST", "/auth/oauth/start", { body }, limit), navigate);
      }),

    startSso: (body, { navigate, ...options } = {}) =>
      operation<Schemas["FlowStart"], StartSsoError>(options, async (limit) =>
        begun(await send("POST", "/auth/sso/start", { body }, limit), navigate),
      ),

    async link({ provider, returnTo, scopes }, { navigate, ...options } = {}) {
      const body = { ...given({ provider, returnTo, scopes }), intent: "link" as const };
      return begun(await asUser("POST", "/auth/oauth/start", { body }, options), navigate);
    },

    completeOAuth: (body, options = {}) =>
      operation<Completed, CompleteOAuthError>(options, (limit) =>
        inTurn(limit, async () => {
          const at = state.begin();
          const { data, error } = await send("POST", "/auth/oauth/complete", { body }, limit);
          forgetFlow();
          if (error) return { error };
          const { user, next } = enter(data, at, true);
          const { returnTo, providerTokens } = data;
          return { data: { user, next, returnTo, providerTokens } };
        }),
      ),
  };
}

function begun<Failure extends LatchkeyErrorBody>(
  { data, error }: Result<Schemas["FlowStart"], Failure>,
  navigate = true,
): Result<Schemas["FlowStart"], Failure> {
  if (error) return { error };
  const start = data as Schemas["FlowStart"];
  keepFlow(start.flow);
  if (navigate) globalThis.location?.assign(start.url);
  return { data: start };
}

/** Without what is undefined, so that any object may be handed in. */
function given<T extends object>(parts: T): { [Key in keyof T]: Exclude<T[Key], undefined> } {
  return JSON.parse(JSON.stringify(parts));
}
