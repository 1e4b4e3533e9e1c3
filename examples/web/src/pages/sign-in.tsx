import type { Snapshot } from "@latchkey/client";
import { useSession } from "@latchkey/client/react";
import { Link } from "react-router";
import { Field, Tick } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { Providers } from "../components/providers.tsx";
import { useConfig } from "../config.tsx";
import { latchkey } from "../latchkey.ts";
import { emailProblem, type Problem } from "../problems.tsx";

export function SignIn() {
  const session = useSession();
  const { emailSignIn, providers, sso, signUp } = useConfig();

  async function send({ email, password, remember, captchaToken }: Values) {
    return (await latchkey.signIn({ email, password, remember, ...(captchaToken ? { captchaToken } : {}) })).error;
  }

  return (
    <>
      <Heading title="Sign in">Good to see you again.</Heading>
      {emailSignIn && (
        <Form captcha check={check} send={send} submitLabel="Sign in" busyLabel="Signing in…" hint={newsOf(session)}>
          {(errors) => (
            <>
              <Field name="email" label="E-mail" type="email" autoComplete="username" error={errors.email} />
              <Field name="password" label="Password" type="password" autoComplete="current-password" error={errors.password} />
              <div className="beside">
                <Tick name="remember" label="Stay signed in" />
                <Link to="/recover">Forgot password?</Link>
              </div>
            </>
          )}
        </Form>
      )}
      <Providers
        providers={providers}
        label={(name) => `Continue with ${name}`}
        start={async (provider) => (await latchkey.startOAuth({ provider, returnTo: "/profile" })).error}
      />
      <ul className="elsewhere">
        {emailSignIn && (
          <li>
            <Link to="/sign-in/mail">Sign in without a password</Link>
          </li>
        )}
        {sso && (
          <li>
            <Link to="/sign-in/company">Sign in with your company</Link>
          </li>
        )}
        {signUp && (
          <li>
            New here? <Link to="/sign-up">Create an account</Link>
          </li>
        )}
      </ul>
    </>
  );
}

function check({ email, password }: Values): Problem["fields"] {
  return { ...emailProblem(email), ...(password ? {} : { password: "Enter your password." }) };
}

/** Why the reader sees this page, where that is not plain. */
function newsOf(session: Snapshot): string | null {
  if (session.status !== "signedOut" || !session.reason) return null;
  if (session.reason === "auth_user_banned") return "This account is blocked. Please get in touch with support.";
  if (session.reason === "account_deleted") return "Your account is deleted. Goodbye, and thank you.";
  if (session.reason !== "signed_out") return "Your session has ended. Please sign in again.";
  return session.elsewhere ? "You signed out in another tab." : "You are signed out.";
}
