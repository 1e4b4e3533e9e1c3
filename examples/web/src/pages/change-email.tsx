import type { Verified } from "@latchkey/client";
import { useSession } from "@latchkey/client/react";
import { useState } from "react";
import { useNavigate } from "react-router";
import { Back } from "../components/back.tsx";
import { Field } from "../components/field.tsx";
import { Form, type Values } from "../components/form.tsx";
import { Heading } from "../components/heading.tsx";
import { MailCode } from "../components/mail-code.tsx";
import { useStepUp } from "../components/step-up.tsx";
import { latchkey } from "../latchkey.ts";
import { emailProblem } from "../problems.tsx";

interface Change {
  to: string;
  both: boolean;
  /** The new address has confirmed it, by its code. */
  half: boolean;
}

export function ChangeEmail() {
  const present = useSession().user?.email ?? "";
  const navigate = useNavigate();
  const withStepUp = useStepUp();
  const [change, setChange] = useState<Change | null>(null);

  async function send({ email }: Values) {
    const { data, error } = await withStepUp(() => latchkey.changeEmail(email));
    if (data) setChange({ to: email, both: data.confirm !== "one", half: false });
    return error;
  }

  function verified({ user, next }: Verified) {
    if (user || next === "sign_in") void navigate("/profile");
    else if (change) setChange({ ...change, half: true });
  }

  if (change) {
    const mailbox = change.half ? present : change.to;
    return (
      <>
        <Heading title={change.half ? "One more mail" : "Check your mail"}>
          {change.both && !change.half ? (
            <>
              We sent mails to <strong>{change.to}</strong> and to <strong>{present}</strong>. Follow both links, or enter the
              code that came to the new address first.
            </>
          ) : (
            <>
              Follow the link in the mail to <strong>{mailbox}</strong>, or enter its code here. Until then everything stays as
              it is.
            </>
          )}
        </Heading>
        <MailCode
          key={mailbox}
          type="email_change"
          email={mailbox}
          submitLabel="Confirm"
          onVerified={verified}
          resend={async (token) =>
            (await latchkey.resend({ type: "email_change", email: present, ...(token ? { captchaToken: token } : {}) })).error
          }
        />
        <Back />
      </>
    );
  }
  return (
    <>
      <Heading title="Your e-mail address">
        Now it is <strong>{present}</strong>.
      </Heading>
      <Form check={({ email }) => emailProblem(email)} send={send} submitLabel="Send the mail" busyLabel="Sending the mail…">
        {(errors) => <Field name="email" label="New e-mail" type="email" autoComplete="email" error={errors.email} />}
      </Form>
      <Back />
    </>
  );
}
