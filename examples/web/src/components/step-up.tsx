import type { components, LatchkeyErrorBody, Result } from "@latchkey/client";
import { createContext, type ReactNode, useCallback, useContext, useId, useLayoutEffect, useRef, useState } from "react";
import { CodeForm } from "./code-form.tsx";

type Factor = components["schemas"]["MfaFactor"];

/** Does what a member wants. Where the service asks for a second factor first, so does a dialog; then it is done again. */
type WithStepUp = <Data, Failure extends LatchkeyErrorBody>(
  work: () => Promise<Result<Data, Failure>>,
) => Promise<Result<Data, Failure>>;

const Context = createContext<WithStepUp>((work) => work());

export function useStepUp(): WithStepUp {
  return useContext(Context);
}

interface Asked {
  factors: Factor[];
  answer: (isRaised: boolean) => void;
}

export function StepUpProvider({ children }: { children: ReactNode }) {
  const [asked, setAsked] = useState<Asked | null>(null);

  const withStepUp = useCallback<WithStepUp>(async (work) => {
    const first = await work();
    const refusal: LatchkeyErrorBody | undefined = first.error;
    if (refusal?.code !== "auth_mfa_required") return first;
    const { factors } = refusal.details;
    const isRaised = await new Promise<boolean>((answer) => setAsked({ factors, answer }));
    setAsked(null);
    return isRaised ? work() : first;
  }, []);

  return (
    <Context value={withStepUp}>
      {children}
      {asked && <StepUpDialog {...asked} />}
    </Context>
  );
}

function StepUpDialog({ factors, answer }: Asked) {
  const dialog = useRef<HTMLDialogElement>(null);
  const id = useId();
  // Closed before it leaves the page, the dialog gives the focus back to what asked for it.
  useLayoutEffect(() => {
    const shown = dialog.current;
    shown?.showModal();
    return () => shown?.close();
  }, []);
  return (
    <dialog ref={dialog} className="dialog" aria-labelledby={id} onCancel={() => answer(false)}>
      <h2 id={id}>One more step</h2>
      <p>This needs your second factor. Enter the code that your authenticator app shows.</p>
      <CodeForm factors={factors} onDone={() => answer(true)} />
      <button type="button" className="link" onClick={() => answer(false)}>
        Cancel
      </button>
    </dialog>
  );
}
