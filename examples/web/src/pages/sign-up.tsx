import { Link, useNavigate } from "react-router";
import { Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { Providers } from "../components/providers.tsx";
import { useConfig } from "../config.tsx";
import { latchkey } from "../latchkey.ts";
import { displayNameProblem, emailProblem, passwordHelp, passwordProblem } from "../problems.tsx";

export function SignUp() {
  const navigate = useNavigate();
  const { emailSignIn, signUp, providers, passwordMinLength } = useConfig();

  async function send({ email, password, displayName, captchaToken }: Values) {
    const { data, error } = await latchkey.signUp({
      email,
      password,
      ...(displayName && { profile: { displayName } }),
      ...(captchaToken ? { captchaToken } : {}),
    });
    if (error) return error;
    if (!data.signedIn) await navigate("/check-mail", { state: { email, unsure: !data.confirmationRequired } });
    return undefined;
  }

  if (!signUp) {
    return (
      <>
        <Heading title="Create an account">New accounts cannot be created at the moment.</Heading>
        <p className="elsewhere">
          Have an account? <Link to="/sign-in">Sign in</Link>
        </p>
      </>
    );
  }
  return (
    <>
      <Heading title="Create an account">One minute, and the door is yours.</Heading>
      {emailSignIn && (
        <Form
          captcha
          check={({ email, password, displayName }) => ({
            ...displayNameProblem(displayName),
            ...emailProblem(email),
            ...passwordProblem(password, passwordMinLength),
          })}
          send={send}
          submitLabel="Create account"
          busyLabel="Creating your account…"
        >
          {(errors) => (
            <>
              <Field
                name="displayName"
                label="Display name"
                autoComplete="name"
                hint="Optional. How others see you."
                error={errors.displayName}
              />
              <Field name="email" label="E-mail" type="email" autoComplete="username" error={errors.email} />
              <Field
                name="password"
                label="Password"
                type="password"
                autoComplete="new-password"
                hint={passwordHelp(passwordMinLength)}
                error={errors.password}
              />
            </>
          )}
        </Form>
      )}
      <Providers
        providers={providers}
        label={(name) => `Continue with ${name}`}
        start={async (provider) => (await latchkey.startOAuth({ provider, returnTo: "/profile" })).error}
      />
      <p className="elsewhere">
        Have an account? <Link to="/sign-in">Sign in</Link>
      </p>
    </>
  );
}
