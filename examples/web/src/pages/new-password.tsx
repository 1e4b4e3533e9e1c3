import { useSession } from "@latchkey/client/react";
import { Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { useStepUp } from "../components/step-up.tsx";
import { useConfig } from "../config.tsx";
import { latchkey } from "../latchkey.ts";
import { passwordHelp, passwordProblem } from "../problems.tsx";

/**
 * What a recovery or an invitation is about. It is shown in place of every other page until it is done, or the page is loaded
 * again: then the user is signed in as always, and finds "Change your password" in the profile.
 */
export function NewPassword() {
  const session = useSession();
  const withStepUp = useStepUp();
  const { passwordMinLength } = useConfig();

  async function send({ password }: Values) {
    return (await withStepUp(() => latchkey.setPassword({ newPassword: password }))).error;
  }

  return (
    <>
      <Heading title="Choose a new password">Other devices are signed out by it. This one stays.</Heading>
      <Form
        check={({ password }) => passwordProblem(password, passwordMinLength)}
        send={send}
        submitLabel="Save the password"
        busyLabel="Saving the password…"
      >
        {(errors) => (
          <>
            <input type="hidden" autoComplete="username" value={session.user?.email ?? ""} readOnly />
            <Field
              name="password"
              label="New password"
              type="password"
              autoComplete="new-password"
              hint={passwordHelp(passwordMinLength)}
              error={errors.password}
            />
          </>
        )}
      </Form>
      <p className="elsewhere">
        <button type="button" className="link" onClick={() => void latchkey.signOut()}>
          Sign out
        </button>
      </p>
    </>
  );
}
