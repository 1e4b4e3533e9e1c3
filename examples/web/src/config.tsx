import type { components } from "@latchkey/client";
import { useLatchkey } from "@latchkey/client/react";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";

export type Config = components["schemas"]["AuthConfig"];

/** What is shown while the service cannot say what the project has: the plain forms. */
const PLAIN: Config = {
  signUp: true,
  emailSignIn: true,
  emailConfirmation: false,
  providers: [],
  sso: false,
  anonymous: false,
  captcha: null,
  passwordMinLength: 8,
  emailChangeConfirm: "both",
  accountDeletion: false,
};

const Context = createContext<Config | null>(null);

/** Asks once what the project has switched on. */
export function ConfigProvider({ children }: { children: ReactNode }) {
  const { config } = useLatchkey();
  const [known, setKnown] = useState<Config | null>(null);
  useEffect(() => {
    const controller = new AbortController();
    config({ signal: controller.signal }).then(
      ({ data }) => setKnown(data ?? PLAIN),
      () => {}, // unmounted
    );
    return () => controller.abort();
  }, [config]);
  return <Context value={known}>{children}</Context>;
}

/** Null until it is known: a page that is drawn before would move under the reader. */
export function useKnownConfig(): Config | null {
  return useContext(Context);
}

export function useConfig(): Config {
  return useContext(Context) ?? PLAIN;
}
