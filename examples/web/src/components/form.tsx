import type { LatchkeyErrorBody } from "@latchkey/client";
import { type FormEvent, type ReactNode, useLayoutEffect, useRef, useState } from "react";
import { type FieldName, type Problem, problemOf } from "../problems.tsx";
import { useCountdown } from "../use-countdown.ts";
import { Button } from "./button.tsx";
import { Notice } from "./notice.tsx";

export type Values = Record<FieldName, string>;

interface FormProps {
  /** Checks before anything is sent; what is wrong, by field. */
  check: (values: Values) => Problem["fields"];
  /** Sends it. Returns what went wrong. */
  send: (values: Values) => Promise<LatchkeyErrorBody | undefined>;
  submitLabel: string;
  busyLabel: string;
  /** Something good to know before it is sent. */
  hint?: ReactNode;
  /** The fields, given what is wrong with each. */
  children: (errors: Problem["fields"]) => ReactNode;
}

/** A form that sends itself, tells what went wrong where it belongs, and puts the focus there. */
export function Form({ check, send, submitLabel, busyLabel, hint, children }: FormProps) {
  const form = useRef<HTMLFormElement>(null);
  const [busy, setBusy] = useState(false);
  const [problem, setProblem] = useState<Problem>({ fields: {} });
  const wait = useCountdown(problem);

  useLayoutEffect(() => {
    if (Object.keys(problem.fields).length > 0) {
      form.current?.querySelector<HTMLInputElement>("[aria-invalid]")?.focus();
    }
  }, [problem]);

  async function submit(event?: FormEvent) {
    event?.preventDefault();
    if (!form.current || busy || wait > 0) return;
    const values = valuesOf(form.current);
    const fields = check(values);
    setProblem({ fields });
    if (Object.keys(fields).length > 0) return;
    setBusy(true);
    const error = await send(values);
    setBusy(false);
    if (error) setProblem(problemOf(error, "signedOut"));
  }

  return (
    <form ref={form} className="form" noValidate onSubmit={submit} aria-busy={busy}>
      {children(problem.fields)}
      <Button busy={busy} busyLabel={busyLabel} disabled={wait > 0}>
        {submitLabel}
      </Button>
      <Notice problem={problem} wait={wait} hint={hint} {...(problem.retry ? { onRetry: () => void submit() } : {})} />
    </form>
  );
}

function valuesOf(form: HTMLFormElement): Values {
  const data = new FormData(form);
  const value = (name: FieldName) => String(data.get(name) ?? "");
  return { email: value("email").trim(), password: value("password"), displayName: value("displayName").trim() };
}
