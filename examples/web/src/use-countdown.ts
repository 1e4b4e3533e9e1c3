import { useEffect, useMemo, useState } from "react";
import type { Problem } from "./problems.tsx";

/** Seconds until then, which is in milliseconds since 1970. */
export function useSecondsUntil(time: number): number {
  const [left, setLeft] = useState(() => secondsUntil(time));
  useEffect(() => {
    const tick = () => setLeft(secondsUntil(time));
    tick();
    if (time <= Date.now()) return;
    const timer = setInterval(tick, 250);
    return () => clearInterval(timer);
  }, [time]);
  return left;
}

/** Seconds that are left of a problem's `retryAfter`. */
export function useCountdown(problem: Problem): number {
  const time = useMemo(() => (problem.retryAfter ? Date.now() + problem.retryAfter * 1000 : 0), [problem]);
  return useSecondsUntil(time);
}

function secondsUntil(time: number): number {
  return Math.max(0, Math.ceil((time - Date.now()) / 1000));
}
