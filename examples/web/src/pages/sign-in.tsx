import type { Snapshot } from "@latchkey/client";
import { useSession } from "@latchkey/client/react";
import { Link } from "react-router";
import { Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { latchkey } from "../latchkey.ts";
import { FIELD_HELP, type Problem } from "../problems.tsx";

export function SignIn() {
  const session = useSession();

  async function send({ email, password }: Values) {
    return (await latchkey.signIn({ email, password })).error;
  }

  return (
    <>
      <Heading title="Sign in">Good to see you again.</Heading>
      <Form check={check} send={send} submitLabel="Sign in" busyLabel="Signing in…" hint={newsOf(session)}>
        {(errors) => (
          <>
            <Field name="email" label="E-mail" type="email" autoComplete="username" error={errors.email} />
            <Field name="password" label="Password" type="password" autoComplete="current-password" error={errors.password} />
          </>
        )}
      </Form>
      <p className="elsewhere">
        New here? <Link to="/sign-up">Create an account</Link>
      </p>
    </>
  );
}

function check({ email, password }: Values): Problem["fields"] {
  return {
    ...(email.includes("@") ? {} : { email: FIELD_HELP.email }),
    ...(password ? {} : { password: "Enter your password." }),
  };
}

/** Why the reader sees this page, where that is not plain. */
function newsOf(session: Snapshot): string | null {
  if (session.status !== "signedOut" || !session.reason) return null;
  if (session.reason === "auth_user_banned") return "This account is blocked. Please get in touch with support.";
  if (session.reason !== "signed_out") return "Your session has ended. Please sign in again.";
  return session.elsewhere ? "You signed out in another tab." : "You are signed out.";
}
