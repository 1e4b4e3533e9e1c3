import type { components, LatchkeyErrorBody, Verified } from "@latchkey/client";
import { useState } from "react";
import { latchkey } from "../latchkey.ts";
import { FIELD_HELP } from "../problems.tsx";
import { useSecondsUntil } from "../use-countdown.ts";
import { CodeField } from "./field.tsx";
import { Form, type Values } from "./form.tsx";

/** A minute is Supabase's own least time between two mails to an address. */
const PAUSE = 60_000;

interface MailCodeProps {
  type: components["schemas"]["VerifyRequest"]["type"];
  /** The address that the mail went to. */
  email: string;
  submitLabel: string;
  /** Mails it again. Returns what went wrong. */
  resend: (captchaToken?: string) => Promise<LatchkeyErrorBody | undefined>;
  onVerified?: (verified: Verified) => void;
}

/** For whoever got a mail: its code can be typed here, instead of following its link, and it can be sent again. */
export function MailCode({ type, email, submitLabel, resend, onVerified }: MailCodeProps) {
  async function verify({ code }: Values) {
    const { data, error } = await latchkey.verify({ type, email, code });
    if (data) onVerified?.(data);
    return error;
  }
  return (
    <>
      <Form check={checkCode} send={verify} submitLabel={submitLabel} busyLabel="Checking the code…">
        {(errors) => <CodeField label="Code of the mail" hint="The digits below the link." error={errors.code} />}
      </Form>
      <Resend resend={resend} />
    </>
  );
}

function Resend({ resend }: Pick<MailCodeProps, "resend">) {
  const [next, setNext] = useState(() => Date.now() + PAUSE);
  const [sent, setSent] = useState(0);
  const left = useSecondsUntil(next);

  async function send({ captchaToken }: Values) {
    const error = await resend(captchaToken);
    if (error) return error;
    setNext(Date.now() + PAUSE);
    setSent(sent + 1);
    return undefined;
  }

  return (
    <Form
      plain
      captcha
      send={send}
      disabled={left > 0}
      busyLabel="Sending it again…"
      hint={sent > 0 && "We sent it once more. The code of the newest mail counts."}
      submitLabel={
        <>
          Send it again
          {left > 0 && (
            <span className="ticking" aria-hidden="true">
              in {left} s
            </span>
          )}
        </>
      }
    />
  );
}

function checkCode({ code }: Values) {
  return /^\d{6,10}$/.test(code) ? {} : { code: FIELD_HELP.code };
}
