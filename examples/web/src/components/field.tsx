import { type InputHTMLAttributes, type ReactNode, useId, useState } from "react";
import type { FieldName } from "../problems.tsx";

interface FieldProps extends Omit<InputHTMLAttributes<HTMLInputElement>, "name"> {
  name: FieldName;
  label: string;
  hint?: string;
  error?: ReactNode;
}

/** A labelled input with its hint or its error below. The line is there from the start, so that nothing moves. */
export function Field({ name, label, hint, error, type = "text", ...input }: FieldProps) {
  const id = useId();
  const [shown, setShown] = useState(false);
  const isPassword = type === "password";
  return (
    <div className="field">
      <label htmlFor={id}>{label}</label>
      <div className="control">
        <input
          {...input}
          id={id}
          name={name}
          type={isPassword && shown ? "text" : type}
          aria-invalid={error ? true : undefined}
          aria-describedby={`${id}-note`}
        />
        {isPassword && (
          <button
            type="button"
            className="reveal"
            aria-pressed={shown}
            aria-label={`Show ${label.toLowerCase()}`}
            onClick={() => setShown(!shown)}
          >
            <Eye open={shown} />
          </button>
        )}
      </div>
      <p id={`${id}-note`} className={error ? "note error" : "note"}>
        {error ?? hint ?? ""}
      </p>
    </div>
  );
}

/** A code of a mail or of an app. Phones offer it from there, and show the keys for digits. */
export function CodeField({ label, hint, error }: { label: string; hint?: string; error?: ReactNode }) {
  return (
    <Field
      name="code"
      label={label}
      inputMode="numeric"
      autoComplete="one-time-code"
      spellCheck={false}
      {...(hint ? { hint } : {})}
      error={error}
    />
  );
}

/** A box to tick, with its label. */
export function Tick({ name, label }: { name: "remember"; label: string }) {
  return (
    <label className="tick">
      <input type="checkbox" name={name} defaultChecked />
      {label}
    </label>
  );
}

function Eye({ open }: { open: boolean }) {
  return (
    <svg viewBox="0 0 24 24" aria-hidden="true">
      <path d="M2.5 12S6 5.5 12 5.5 21.5 12 21.5 12 18 18.5 12 18.5 2.5 12 2.5 12Z" />
      <circle cx="12" cy="12" r="2.8" />
      {!open && <path d="m4 20 16-16" />}
    </svg>
  );
}
