import { useState } from "react";
import { Link } from "react-router";
import { Field } from "../components/field.tsx";
import { Form } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { MailCode } from "../components/mail-code.tsx";
import { latchkey } from "../latchkey.ts";
import { emailProblem } from "../problems.tsx";

/** Who forgot the password gets a mail. Its link or its code signs in, and the new password is what comes next. */
export function Recover() {
  const [email, setEmail] = useState<string | null>(null);

  async function mail(address: string, captchaToken?: string) {
    const { error } = await latchkey.recoverPassword({ email: address, ...(captchaToken ? { captchaToken } : {}) });
    if (!error) setEmail(address);
    return error;
  }

  if (email) {
    return (
      <>
        <Heading title="Check your mail">
          If <strong>{email}</strong> has an account, a mail is on its way. Follow its link, or enter its code here.
        </Heading>
        <MailCode type="recovery" email={email} submitLabel="Go on" resend={(token) => mail(email, token)} />
        <p className="elsewhere">
          <Link to="/sign-in">Back to sign-in</Link>
        </p>
      </>
    );
  }
  return (
    <>
      <Heading title="Forgot your password?">It happens. We mail you a way to choose a new one.</Heading>
      <Form
        captcha
        check={({ email }) => emailProblem(email)}
        send={({ email, captchaToken }) => mail(email, captchaToken)}
        submitLabel="Send the mail"
        busyLabel="Sending the mail…"
      >
        {(errors) => <Field name="email" label="E-mail" type="email" autoComplete="username" error={errors.email} />}
      </Form>
      <p className="elsewhere">
        <Link to="/sign-in">Back to sign-in</Link>
      </p>
    </>
  );
}
