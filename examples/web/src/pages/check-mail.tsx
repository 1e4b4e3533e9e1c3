import { Link, Navigate, useLocation } from "react-router";
import { Heading } from "../components/heading.tsx";

export function CheckMail() {
  const state = useLocation().state as { email: string; unsure: boolean } | null;
  if (!state) return <Navigate to="/sign-in" replace />;
  return (
    <>
      <Heading title={state.unsure ? "Your account is there" : "Check your mail"}>
        {state.unsure ? (
          <>We could not sign you in at once. Please sign in with {state.email}.</>
        ) : (
          <>
            We sent a link to <strong>{state.email}</strong>. Follow it, then sign in. If you had an account with this address
            before, no mail comes: sign in as always.
          </>
        )}
      </Heading>
      <p className="elsewhere">
        <Link to="/sign-in">Go to sign-in</Link>
      </p>
    </>
  );
}
