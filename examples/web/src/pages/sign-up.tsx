import { Link, useNavigate } from "react-router";
import { Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { latchkey } from "../latchkey.ts";
import { FIELD_HELP, type Problem, passwordProblem } from "../problems.tsx";

export function SignUp() {
  const navigate = useNavigate();

  async function send({ email, password, displayName }: Values) {
    const { data, error } = await latchkey.signUp({ email, password, ...(displayName && { profile: { displayName } }) });
    if (error) return error;
    if (!data.signedIn) await navigate("/check-mail", { state: { email, unsure: !data.confirmationRequired } });
    return undefined;
  }

  return (
    <>
      <Heading title="Create an account">One minute, and the door is yours.</Heading>
      <Form check={check} send={send} submitLabel="Create account" busyLabel="Creating your account…">
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
              hint="8 to 72 characters."
              error={errors.password}
            />
          </>
        )}
      </Form>
      <p className="elsewhere">
        Have an account? <Link to="/sign-in">Sign in</Link>
      </p>
    </>
  );
}

function check({ email, password, displayName }: Values): Problem["fields"] {
  return {
    ...(displayName.length <= 100 ? {} : { displayName: FIELD_HELP.displayName }),
    ...(email.includes("@") ? {} : { email: FIELD_HELP.email }),
    ...passwordProblem(password),
  };
}
