import { useState } from "react";
import { Link } from "react-router";
import { Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { MailCode } from "../components/mail-code.tsx";
import { latchkey } from "../latchkey.ts";
import { emailProblem } from "../problems.tsx";

/** A link and a code by mail, instead of a password. */
export function MailSignIn() {
  const [email, setEmail] = useState<string | null>(null);

  async function mail(address: string, captchaToken?: string) {
    const { error } = await latchkey.sendOtp({
      email: address,
      createUser: false,
      ...(captchaToken ? { captchaToken } : {}),
    });
    if (!error) setEmail(address);
    return error;
  }

  if (email) {
    return (
      <>
        <Heading title="Check your mail">
          If <strong>{email}</strong> has an account, a mail is on its way. Follow its link, or enter its code here.
        </Heading>
        <MailCode type="email" email={email} submitLabel="Sign in" resend={(token) => mail(email, token)} />
        <p className="elsewhere">
          Not your address?{" "}
          <button type="button" className="link" onClick={() => setEmail(null)}>
            Use another one
          </button>
        </p>
      </>
    );
  }
  return (
    <>
      <Heading title="Sign in without a password">We send you a link and a code.</Heading>
      <Form
        captcha
        check={({ email }: Values) => emailProblem(email)}
        send={({ email, captchaToken }) => mail(email, captchaToken)}
        submitLabel="Send the mail"
        busyLabel="Sending the mail…"
      >
        {(errors) => <Field name="email" label="E-mail" type="email" autoComplete="username" error={errors.email} />}
      </Form>
      <p className="elsewhere">
        <Link to="/sign-in">Use your password</Link>
      </p>
    </>
  );
}
