import type { LatchkeyErrorBody } from "@latchkey/client";
import { useSession } from "@latchkey/client/react";
import { type FormEvent, type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { useConfig } from "../config.tsx";
import { FIELD_NAMES, type FieldName, type Problem, problemOf } from "../problems.tsx";
import { useCountdown } from "../use-countdown.ts";
import { Button } from "./button.tsx";
import { Captcha, type CaptchaHandle } from "./captcha.tsx";
import { Notice } from "./notice.tsx";

export type Values = Record<FieldName, string> & { remember: boolean; captchaToken?: string };

interface FormProps {
  /** Checks before anything is sent; what is wrong, by field. */
  check?: (values: Values) => Problem["fields"];
  /** Sends it. Returns what went wrong. */
  send: (values: Values) => Promise<LatchkeyErrorBody | undefined>;
  submitLabel: ReactNode;
  busyLabel: string;
  /** Something good to know before it is sent. */
  hint?: ReactNode;
  /** Whether it shows the project's captcha, where there is one. */
  captcha?: boolean;
  plain?: boolean;
  danger?: boolean;
  disabled?: boolean;
  /** The fields, given what is wrong with each. */
  children?: (errors: Problem["fields"]) => ReactNode;
}

/** A form that sends itself, tells what went wrong where it belongs, and puts the focus there. */
export function Form({ check, send, submitLabel, busyLabel, hint, captcha, plain, danger, disabled, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>({ fields: {} });
  const wait = useCountdown(problem);
  const { status } = useSession();
  const shown = useConfig().captcha;
  const widget = useRef<CaptchaHandle>(null);
  const [token, setToken] = useState<string | null>(null);
  const challenge = captcha ? shown : null;

  useLayoutEffect(() => {
    if (Object.keys(problem.fields).length > 0) {
      form.current?.querySelector<HTMLInputElement>("[aria-invalid]")?.focus();
    }
  }, [problem]);

  async function submit(event?: FormEvent) {
    event?.preventDefault();
    if (!form.current || busy || disabled || wait > 0) return;
    const values = { ...valuesOf(form.current), ...(token ? { captchaToken: token } : {}) };
    const fields = check?.(values) ?? {};
    setProblem(challenge && !token ? { fields, notice: "Please pass the check above first." } : { fields });
    if (Object.keys(fields).length > 0 || (challenge && !token)) return;
    setBusy(true);
    const error = await send(values);
    setBusy(false);
    widget.current?.reset();
    if (error) setProblem(problemOf(error, status));
  }

  return (
    <form ref={form} className="form" noValidate onSubmit={submit} aria-busy={busy}>
      {children?.(problem.fields)}
      {challenge && <Captcha ref={widget} captcha={challenge} onToken={setToken} />}
      <Button busy={busy} busyLabel={busyLabel} disabled={disabled || wait > 0} plain={plain ?? false} danger={danger ?? false}>
        {submitLabel}
      </Button>
      <Notice problem={problem} wait={wait} hint={hint} {...(problem.retry ? { onRetry: () => void submit() } : {})} />
    </form>
  );
}

/** What people see and mean as one word is not trimmed: passwords. */
const AS_TYPED: readonly FieldName[] = ["password", "currentPassword"];

function valuesOf(form: HTMLFormElement): Values {
  const data = new FormData(form);
  const value = (name: FieldName) => {
    const typed = String(data.get(name) ?? "");
    return AS_TYPED.includes(name) ? typed : typed.trim();
  };
  const values = Object.fromEntries(FIELD_NAMES.map((name) => [name, value(name)])) as Record<FieldName, string>;
  return { ...values, code: values.code.replaceAll(/\s/g, ""), remember: data.get("remember") !== null };
}
