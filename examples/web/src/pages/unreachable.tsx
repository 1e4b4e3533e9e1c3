import type { LatchkeyErrorBody } from "@latchkey/client";
import { useLatchkey } from "@latchkey/client/react";
import { useCallback, useEffect, useMemo, useState } from "react";
import { Button } from "../components/button.tsx";
import { Heading } from "../components/heading.tsx";
import { Notice } from "../components/notice.tsx";
import { problemOf } from "../problems.tsx";
import { useCountdown } from "../use-countdown.ts";

/** In seconds. A service that comes back is not met by all pages at once, and nobody waits for it much longer than it was away. */
const FIRST_PAUSE = 3;
const LONGEST_PAUSE = 60;

/** At start-up the service did not say who is signed in. Nobody is signed out by that. */
export function Unreachable({ error }: { error: LatchkeyErrorBody }) {
  const { restore } = useLatchkey();
  const problem = useMemo(() => {
    const found = problemOf(error, "unknown");
    return { ...found, notice: `${found.notice} This page tries again by itself.` };
  }, [error]);
  const [busy, setBusy] = useState(false);
  const [failures, setFailures] = useState(0);
  const wait = useCountdown(problem);

  const retry = useCallback(async () => {
    setBusy(true);
    await restore();
    setBusy(false);
    setFailures((before) => before + 1);
  }, [restore]);

  useEffect(() => {
    if (busy) return;
    const pause = problem.retryAfter ?? Math.min(FIRST_PAUSE * 2 ** failures, LONGEST_PAUSE);
    const timer = setTimeout(retry, pause * 1000);
    addEventListener("online", retry);
    return () => {
      clearTimeout(timer);
      removeEventListener("online", retry);
    };
  }, [busy, failures, problem, retry]);

  return (
    <>
      <Heading title="One moment, please" />
      <Notice problem={problem} wait={wait} />
      <Button busy={busy} busyLabel="Trying…" disabled={wait > 0} onClick={() => void retry()}>
        Try again
      </Button>
    </>
  );
}
