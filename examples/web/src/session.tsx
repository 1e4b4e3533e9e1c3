import { isSessionEnded, type LatchkeyErrorBody, type SignedOutReason, type User } from "@latchkey/client";
import { createContext, type ReactNode, use, useCallback, useEffect, useMemo, useState } from "react";
import { latchkey } from "./latchkey.ts";

/** What the page knows about who is signed in. */
export type Session =
  | { state: "unknown" }
  | { state: "unreachable"; error: LatchkeyErrorBody }
  | { state: "signedOut"; reason: SignedOutReason | null; elsewhere: boolean }
  | { state: "signedIn"; user: User };

interface SessionValue {
  session: Session;
  /** Asks again who is signed in. */
  restore: () => Promise<void>;
}

const SessionContext = createContext<SessionValue | null>(null);

export function SessionProvider({ children }: { children: ReactNode }) {
  const [session, setSession] = useState<Session>({ state: "unknown" });

  const restore = useCallback(async () => {
    const { data, error } = await latchkey.restore();
    if (data) setSession({ state: "signedIn", user: data });
    else if (!error) setSession(nobody);
    else if (isSessionEnded(error)) setSession({ state: "signedOut", reason: error.code, elsewhere: false });
    else setSession({ state: "unreachable", error });
  }, []);

  useEffect(() => {
    const enter = ({ user }: { user: User }) => setSession({ state: "signedIn", user });
    const off = [
      latchkey.on("signedIn", enter),
      latchkey.on("refreshed", enter),
      latchkey.on("signedOut", (event) => setSession({ state: "signedOut", ...event })),
    ];
    void restore();
    return () => {
      for (const stop of off) stop();
    };
  }, [restore]);

  const value = useMemo(() => ({ session, restore }), [session, restore]);
  return <SessionContext value={value}>{children}</SessionContext>;
}

/** Keeps why somebody was signed out, if that is how it came about. */
function nobody(before: Session): Session {
  return before.state === "signedOut" ? before : { state: "signedOut", reason: null, elsewhere: false };
}

export function useSession(): SessionValue {
  const value = use(SessionContext);
  if (!value) throw new Error("useSession is used outside of SessionProvider");
  return value;
}
