import type { LatchkeyErrorBody, Result } from "@latchkey/client";
import { useCallback, useEffect, useState } from "react";

type Load<Data> = (options: { signal?: AbortSignal }) => Promise<Result<Data, LatchkeyErrorBody>>;

/** What a page shows of the service, and what to do to have it again. `load` must stay the same function. */
export function useLoad<Data>(load: Load<Data>) {
  const [data, setData] = useState<Data | null>(null);
  const [error, setError] = useState<LatchkeyErrorBody | null>(null);
  const [loading, setLoading] = useState(true);

  const again = useCallback(
    async (signal?: AbortSignal) => {
      setLoading(true);
      setError(null);
      try {
        const result = await load(signal ? { signal } : {});
        if (result.error) setError(result.error);
        else setData(result.data as Data);
      } catch {
        if (signal?.aborted) return;
      }
      setLoading(false);
    },
    [load],
  );

  useEffect(() => {
    const controller = new AbortController();
    void again(controller.signal);
    return () => controller.abort();
  }, [again]);

  return { data, error, loading, again: () => again() };
}
