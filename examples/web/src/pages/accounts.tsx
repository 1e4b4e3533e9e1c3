import { useCallback } from "react";
import { Back } from "../components/back.tsx";
import { Heading } from "../components/heading.tsx";
import { ListProblem, Row } from "../components/list.tsx";
import { Providers } from "../components/providers.tsx";
import { useStepUp } from "../components/step-up.tsx";
import { useConfig } from "../config.tsx";
import { latchkey } from "../latchkey.ts";
import { providerName, when } from "../names.ts";
import { useLoad } from "../use-load.ts";

/** The ways to sign in that this account has. */
export function Accounts() {
  const { providers } = useConfig();
  const withStepUp = useStepUp();
  const { data, error, again } = useLoad(useCallback((options) => latchkey.identities(options), []));
  const others = providers.filter((provider) => !data?.some((identity) => identity.provider === provider));
  return (
    <>
      <Heading title="Linked accounts">The ways to sign in to this account.</Heading>
      {error && <ListProblem error={error} again={again} />}
      <ul className="list">
        {data?.map(({ id, provider, email, lastSignInAt }) => (
          <Row
            key={id}
            title={providerName(provider)}
            note={[email, lastSignInAt && `last used ${when(lastSignInAt)}`].filter(Boolean).join(" · ")}
            action={
              data.length > 1
                ? {
                    label: "Unlink",
                    about: providerName(provider),
                    run: async () => {
                      const { error } = await withStepUp(() => latchkey.unlink(id));
                      if (!error) void again();
                      return error;
                    },
                  }
                : undefined
            }
          />
        ))}
      </ul>
      {data && (
        <Providers
          providers={others}
          label={(name) => `Link ${name}`}
          start={async (provider) => (await withStepUp(() => latchkey.link({ provider, returnTo: "/profile/accounts" }))).error}
        />
      )}
      <Back />
    </>
  );
}
