import type { LatchkeyErrorBody } from "@latchkey/client";
import { type ReactNode, useState } from "react";
import { problemOf } from "../problems.tsx";
import { Notice } from "./notice.tsx";

interface RowProps {
  title: ReactNode;
  note?: ReactNode;
  /** What can be done with it. Returns what went wrong. */
  action?: { label: string; about: string; run: () => Promise<LatchkeyErrorBody | undefined> } | undefined;
}

/** One thing of a list, and what can be done with it. */
export function Row({ title, note, action }: RowProps) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<LatchkeyErrorBody | null>(null);

  async function act() {
    if (!action || busy) return;
    setBusy(true);
    setError(null);
    setError((await action.run()) ?? null);
    setBusy(false);
  }

  return (
    <li className="row" aria-busy={busy}>
      <div>
        <p className="row-title">{title}</p>
        {note && <p className="row-note">{note}</p>}
      </div>
      {action && (
        <button type="button" className="link" aria-disabled={busy} onClick={() => void act()}>
          {action.label}
          <span className="spoken"> {action.about}</span>
        </button>
      )}
      {error && <Notice problem={problemOf(error, "signedIn")} />}
    </li>
  );
}

/** Why there is no list, with another try where one may help. */
export function ListProblem({ error, again }: { error: LatchkeyErrorBody; again: () => Promise<void> }) {
  const problem = problemOf(error, "signedIn");
  return <Notice problem={problem} {...(problem.retry ? { onRetry: () => void again() } : {})} />;
}
