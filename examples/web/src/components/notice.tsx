import type { ReactNode } from "react";
import type { Problem } from "../problems.tsx";

interface NoticeProps {
  problem: Problem;
  /** Seconds until another try makes sense. */
  wait?: number;
  onRetry?: () => void;
  /** Something good to know while there is no problem. */
  hint?: ReactNode;
}

/**
 * What went wrong, read out at once. Its place is kept free, so that nothing moves when it appears; and its live regions are
 * always there, or screen readers would miss their first words.
 */
export function Notice({ problem, wait = 0, onRetry, hint }: NoticeProps) {
  return (
    <div className="notices">
      <div role="alert">
        {problem.notice && (
          <div className="notice">
            <p>
              {problem.notice} {problem.retryAfter !== undefined && <RetryTime retryAfter={problem.retryAfter} wait={wait} />}
            </p>
            {onRetry && (
              <button type="button" className="link" onClick={onRetry}>
                Try again
              </button>
            )}
          </div>
        )}
      </div>
      <div role="status">{hint && !problem.notice && <p className="hint">{hint}</p>}</div>
    </div>
  );
}

/** Says once how long to wait; the seconds that run down are for the eye only. */
function RetryTime({ retryAfter, wait }: { retryAfter: number; wait: number }) {
  return (
    <>
      <span className="spoken">Try again in {seconds(retryAfter)}.</span>
      <span className="ticking" aria-hidden="true">
        {wait > 0 ? `Try again in ${seconds(wait)}.` : "You can try again now."}
      </span>
    </>
  );
}

function seconds(count: number): string {
  if (count > 90) return `${Math.ceil(count / 60)} minutes`;
  return count === 1 ? "1 second" : `${count} seconds`;
}
