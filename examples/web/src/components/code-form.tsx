import type { components } from "@latchkey/client";
import { useState } from "react";
import { latchkey } from "../latchkey.ts";
import { FIELD_HELP } from "../problems.tsx";
import { CodeField } from "./field.tsx";
import { Form, type Values } from "./form.tsx";

type Factor = components["schemas"]["MfaFactor"];

interface CodeFormProps {
  factors: readonly Factor[];
  submitLabel?: string;
  onDone?: () => void;
}

/** Asks for the code of a second factor, of the one that the user chooses where there are several. */
export function CodeForm({ factors, submitLabel = "Confirm", onDone }: CodeFormProps) {
  const apps = factors.filter(({ type }) => type === "totp");
  const [chosen, setChosen] = useState(apps[0]?.id ?? "");

  async function send({ code }: Values) {
    const { error } = await latchkey.mfa.verify({ factorId: chosen, code });
    if (!error) onDone?.();
    return error;
  }

  if (apps.length === 0) return <p>Your second factor cannot be used here. Sign in where you set it up.</p>;
  return (
    <Form check={checkCode} send={send} submitLabel={submitLabel} busyLabel="Checking the code…">
      {(errors) => (
        <>
          {apps.length > 1 && (
            <fieldset className="choices">
              <legend>Which app?</legend>
              {apps.map(({ id, name }, index) => (
                <label key={id}>
                  <input type="radio" name="factor" checked={id === chosen} onChange={() => setChosen(id)} />
                  {name ?? `App ${index + 1}`}
                </label>
              ))}
            </fieldset>
          )}
          <CodeField label="Code of your app" error={errors.code} />
        </>
      )}
    </Form>
  );
}

function checkCode({ code }: Values) {
  return /^\d{6}$/.test(code) ? {} : { code: FIELD_HELP.code };
}
