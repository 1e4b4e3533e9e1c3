import type { LatchkeyErrorBody } from "@latchkey/client";
import { useLatchkey } from "@latchkey/client/react";
import { useMemo, useState } from "react";
import { Button } from "../components/button.tsx";
import { Heading } from "../components/heading.tsx";
import { Notice } from "../components/notice.tsx";
import { problemOf } from "../problems.tsx";
import { useCountdown } from "../use-countdown.ts";

/** At start-up the service did not say who is signed in. Nobody is signed out by that. */
export function Unreachable({ error }: { error: LatchkeyErrorBody }) {
  const { restore } = useLatchkey();
  const problem = useMemo(() => problemOf(error, "unknown"), [error]);
  const [busy, setBusy] = useState(false);
  const wait = useCountdown(problem);

  async function retry() {
    setBusy(true);
    await restore();
    setBusy(false);
  }

  return (
    <>
      <Heading title="One moment, please" />
      <Button busy={busy} busyLabel="Trying…" disabled={wait > 0} onClick={() => void retry()}>
        Try again
      </Button>
      <Notice problem={problem} wait={wait} />
    </>
  );
}
