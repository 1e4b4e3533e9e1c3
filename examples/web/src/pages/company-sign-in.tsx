import { Link } from "react-router";
import { Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { latchkey } from "../latchkey.ts";
import { emailProblem } from "../problems.tsx";

/** By the company's own directory, which is known by what stands behind the @. */
export function CompanySignIn() {
  async function send({ email, captchaToken }: Values) {
    const domain = email.slice(email.lastIndexOf("@") + 1);
    return (await latchkey.startSso({ domain, returnTo: "/profile", ...(captchaToken ? { captchaToken } : {}) })).error;
  }
  return (
    <>
      <Heading title="Sign in with your company">Your company’s own sign-in page comes next.</Heading>
      <Form
        captcha
        check={({ email }) => emailProblem(email)}
        send={send}
        submitLabel="Go on"
        busyLabel="Looking for your company…"
      >
        {(errors) => <Field name="email" label="E-mail at work" type="email" autoComplete="username" error={errors.email} />}
      </Form>
      <p className="elsewhere">
        <Link to="/sign-in">Back to sign-in</Link>
      </p>
    </>
  );
}
