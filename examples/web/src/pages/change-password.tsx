import type { LatchkeyErrorBody } from "@latchkey/client";
import { useState } from "react";
import { Back } from "../components/back.tsx";
import { CodeField, Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { useStepUp } from "../components/step-up.tsx";
import { useConfig } from "../config.tsx";
import { latchkey } from "../latchkey.ts";
import { passwordHelp, passwordProblem } from "../problems.tsx";

/** How the project wants to be sure that it is still the user. It says so when it is asked. */
type Proof = "none" | "current_password" | "nonce";

const HINTS: Record<Proof, string | null> = {
  none: null,
  current_password: "Enter your present password too, then save again.",
  nonce: "We sent you a code by mail. Enter it, then save again.",
};

export function ChangePassword() {
  const { passwordMinLength } = useConfig();
  const withStepUp = useStepUp();
  const [proof, setProof] = useState<Proof>("none");
  const [done, setDone] = useState(false);

  async function send({ password, currentPassword, code }: Values): Promise<LatchkeyErrorBody | undefined> {
    setDone(false);
    const { error } = await withStepUp(() =>
      latchkey.setPassword({
        newPassword: password,
        ...(proof === "current_password" ? { currentPassword } : {}),
        ...(proof === "nonce" ? { nonce: code } : {}),
      }),
    );
    if (!error) {
      setDone(true);
      return undefined;
    }
    if (error.code !== "auth_reauthentication_required") return error;
    const { method } = error.details;
    if (method === proof || (method !== "nonce" && method !== "current_password")) return error;
    if (method === "nonce") {
      const mailed = await latchkey.reauthenticate();
      if (mailed.error) return mailed.error;
    }
    setProof(method);
    return undefined;
  }

  function check({ password, currentPassword, code }: Values) {
    return {
      ...(proof === "current_password" && !currentPassword ? { currentPassword: "Enter your present password." } : {}),
      ...passwordProblem(password, passwordMinLength),
      ...(proof === "nonce" && !code ? { code: "Enter the code of the mail." } : {}),
    };
  }

  return (
    <>
      <Heading title="Your password">A new one signs out your other devices. This one stays.</Heading>
      <Form
        check={check}
        send={send}
        submitLabel="Save the password"
        busyLabel="Saving the password…"
        hint={done ? "Your password is changed." : HINTS[proof]}
      >
        {(errors) => (
          <>
            {proof === "current_password" && (
              <Field
                name="currentPassword"
                label="Present password"
                type="password"
                autoComplete="current-password"
                error={errors.currentPassword}
              />
            )}
            <Field
              name="password"
              label="New password"
              type="password"
              autoComplete="new-password"
              hint={passwordHelp(passwordMinLength)}
              error={errors.password}
            />
            {proof === "nonce" && <CodeField label="Code of the mail" error={errors.code} />}
          </>
        )}
      </Form>
      <Back />
    </>
  );
}
