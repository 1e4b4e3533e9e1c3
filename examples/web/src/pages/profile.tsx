import type { components, LatchkeyErrorBody } from "@latchkey/client";
import { errorOf } from "@latchkey/client/axios";
import { useSession } from "@latchkey/client/react";
import { type ReactNode, useCallback, useEffect, useState } from "react";
import { Link } from "react-router";
import { Button } from "../components/button.tsx";
import { Heading } from "../components/heading.tsx";
import { Notice } from "../components/notice.tsx";
import { http, latchkey } from "../latchkey.ts";
import { problemOf } from "../problems.tsx";

type Me = components["schemas"]["Me"];

const CHANGES = [
  { to: "/profile/name", label: "Change your name" },
  { to: "/profile/email", label: "Change your e-mail address" },
  { to: "/profile/password", label: "Change your password" },
  { to: "/profile/accounts", label: "Linked accounts" },
  { to: "/profile/security", label: "Security" },
];

export function Profile() {
  const { user } = useSession();
  const { me, error, loading, load } = useMe();
  const { signOut, leaving, signOutError } = useSignOut();
  const problem = error ? problemOf(error, "signedIn") : signOutError ? problemOf(signOutError, "signedIn") : { fields: {} };
  const retry = error ? () => void load() : signOutError ? signOut : undefined;
  return (
    <>
      <Heading title="Your profile" />
      <div className="person" aria-busy={loading}>
        <span className="avatar" aria-hidden="true">
          {initials(me?.user.profile.displayName || user?.email || "")}
        </span>
        <dl>
          <Detail term="Display name">{me ? me.user.profile.displayName || "None yet" : <Pending loading={loading} />}</Detail>
          <Detail term="E-mail">{user?.email}</Detail>
          <Detail term="User id">
            <code>{user?.id}</code>
          </Detail>
        </dl>
      </div>
      <div className="actions">
        <Button plain busy={loading} busyLabel="Loading…" onClick={() => void load()}>
          Reload
        </Button>
        <Button busy={leaving} busyLabel="Signing out…" onClick={signOut}>
          Sign out
        </Button>
      </div>
      <Notice problem={problem} {...(retry ? { onRetry: retry } : {})} />
      <ul className="elsewhere">
        {CHANGES.map(({ to, label }) => (
          <li key={to}>
            <Link to={to}>{label}</Link>
          </li>
        ))}
      </ul>
    </>
  );
}

function Detail({ term, children }: { term: string; children: ReactNode }) {
  return (
    <div className="detail">
      <dt>{term}</dt>
      <dd>{children}</dd>
    </div>
  );
}

/** Holds the place of what is on its way. */
function Pending({ loading }: { loading: boolean }) {
  return loading ? <span className="skeleton">&nbsp;</span> : "–";
}

function useMe() {
  const [me, setMe] = useState<Me | null>(null);
  const [error, setError] = useState<LatchkeyErrorBody | null>(null);
  const [loading, setLoading] = useState(true);

  const load = useCallback(async (signal?: AbortSignal) => {
    setLoading(true);
    setError(null);
    try {
      const { data } = await http.get<Me>("/auth/me", signal ? { signal } : {});
      setMe(data);
    } catch (failure) {
      if (signal?.aborted) return;
      setError(errorOf(failure));
    }
    setLoading(false);
  }, []);

  useEffect(() => {
    const controller = new AbortController();
    void load(controller.signal);
    return () => controller.abort();
  }, [load]);

  return { me, error, loading, load };
}

function useSignOut() {
  const [leaving, setLeaving] = useState(false);
  const [signOutError, setSignOutError] = useState<LatchkeyErrorBody | null>(null);

  const signOut = useCallback(async () => {
    setLeaving(true);
    const { error } = await latchkey.signOut();
    setLeaving(false);
    setSignOutError(error ?? null);
  }, []);

  return { signOut: () => void signOut(), leaving, signOutError };
}

function initials(name: string): string {
  const [first = "", second = ""] = name.split(/[\s@.]+/);
  return (first.charAt(0) + second.charAt(0)).toUpperCase();
}
