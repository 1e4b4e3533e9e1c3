"use client";

import { createContext, createElement, type ReactNode, useContext, useEffect, useSyncExternalStore } from "react";
import { findOut } from "./core/find-out.ts";
import { type Snapshot, UNKNOWN } from "./core/state.ts";
import type { Latchkey } from "./latchkey.ts";

const Context = createContext<Latchkey | null>(null);

export interface LatchkeyProviderProps {
  client: Latchkey;
  children?: ReactNode;
}

/** Gives the client to the components below, and finds out at start-up who is signed in. */
export function LatchkeyProvider({ client, children }: LatchkeyProviderProps) {
  useEffect(() => findOut(client), [client]);
  return createElement(Context.Provider, { value: client }, children);
}

/** The client, for what is to be done with it. */
export function useLatchkey(): Latchkey {
  const client = useContext(Context);
  if (!client) throw new Error("useLatchkey and useSession are used outside of LatchkeyProvider");
  return client;
}

/** Who is signed in; renders again when that changes, in whichever tab. On a server, and while a page hydrates: `unknown`. */
export function useSession(): Snapshot {
  const { subscribe, getSnapshot } = useLatchkey();
  return useSyncExternalStore(subscribe, getSnapshot, getServerSnapshot);
}

function getServerSnapshot(): Snapshot {
  return UNKNOWN;
}
