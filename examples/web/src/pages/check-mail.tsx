import { Link, Navigate, useLocation } from "react-router";
import { Heading } from "../components/heading.tsx";
import { MailCode } from "../components/mail-code.tsx";
import { latchkey } from "../latchkey.ts";

/** After a sign-up that has to be confirmed. */
export function CheckMail() {
  const state = useLocation().state as { email: string; unsure: boolean } | null;
  if (!state) return <Navigate to="/sign-in" replace />;
  const { email, unsure } = state;
  return (
    <>
      <Heading title={unsure ? "Your account is there" : "Check your mail"}>
        {unsure ? (
          <>We could not sign you in at once. Please sign in with {email}.</>
        ) : (
          <>
            We sent a link and a code to <strong>{email}</strong>. Follow the link, or enter the code here. If you had an
            account with this address before, no mail comes: sign in as always.
          </>
        )}
      </Heading>
      {!unsure && (
        <MailCode
          type="signup"
          email={email}
          submitLabel="Confirm"
          resend={async (token) =>
            (await latchkey.resend({ type: "signup", email, ...(token ? { captchaToken: token } : {}) })).error
          }
        />
      )}
      <p className="elsewhere">
        <Link to="/sign-in">Go to sign-in</Link>
      </p>
    </>
  );
}
