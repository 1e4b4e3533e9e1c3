import type { LatchkeyErrorBody } from "@latchkey/client";
import { useSession } from "@latchkey/client/react";
import { useEffect, useState } from "react";
import { providerName } from "../names.ts";
import { problemOf } from "../problems.tsx";
import { Button } from "./button.tsx";
import { Notice } from "./notice.tsx";

interface ProvidersProps {
  providers: readonly string[];
  label: (name: string) => string;
  /** Sends the browser to the provider. Returns what went wrong. */
  start: (provider: string) => Promise<LatchkeyErrorBody | undefined>;
}

/** A button for each provider. */
export function Providers({ providers, label, start }: ProvidersProps) {
  const [leaving, setLeaving] = useState<string | null>(null);
  const [error, setError] = useState<LatchkeyErrorBody | null>(null);
  const { status } = useSession();

  // Back from the provider by the browser's own button, the page may be as it was left.
  useEffect(() => {
    const back = ({ persisted }: PageTransitionEvent) => persisted && setLeaving(null);
    addEventListener("pageshow", back);
    return () => removeEventListener("pageshow", back);
  }, []);

  async function go(provider: string) {
    setLeaving(provider);
    setError(null);
    const failure = await start(provider);
    if (!failure) return;
    setError(failure);
    setLeaving(null);
  }

  return (
    <div className="providers">
      {providers.map((provider) => (
        <Button
          key={provider}
          plain
          busy={leaving === provider}
          busyLabel={`Going to ${providerName(provider)}…`}
          disabled={leaving !== null}
          onClick={() => void go(provider)}
        >
          {label(providerName(provider))}
        </Button>
      ))}
      {error && <Notice problem={problemOf(error, status)} />}
    </div>
  );
}
