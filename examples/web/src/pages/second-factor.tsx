import type { components } from "@latchkey/client";
import { CodeForm } from "../components/code-form.tsx";
import { Heading } from "../components/heading.tsx";
import { latchkey } from "../latchkey.ts";

interface SecondFactorProps {
  factors: readonly components["schemas"]["MfaFactor"][];
  onSkip: () => void;
}

/** After a sign-in, for who has a second factor. Without it the app opens too; what changes the account asks again. */
export function SecondFactor({ factors, onSkip }: SecondFactorProps) {
  return (
    <>
      <Heading title="One more step">Enter the code that your authenticator app shows.</Heading>
      <CodeForm factors={factors} />
      <ul className="elsewhere">
        <li>
          <button type="button" className="link" onClick={onSkip}>
            Not now
          </button>
        </li>
        <li>
          <button type="button" className="link" onClick={() => void latchkey.signOut()}>
            Sign out
          </button>
        </li>
      </ul>
    </>
  );
}
