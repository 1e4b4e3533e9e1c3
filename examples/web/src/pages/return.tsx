import type { Completed, CompleteOAuthError, components, LatchkeyErrorBody, Result } from "@latchkey/client";
import { useSession } from "@latchkey/client/react";
import { useEffect, useState } from "react";
import { Link, useNavigate } from "react-router";
import { arrival } from "../arrival.ts";
import { Heading } from "../components/heading.tsx";
import { latchkey } from "../latchkey.ts";
import { problemOf } from "../problems.tsx";
import { Waiting } from "./waiting.tsx";

let finishing: Promise<Result<Completed, CompleteOAuthError>> | undefined;

/** A code is good for one request, however often React mounts a page. */
export function finish(request: components["schemas"]["CompleteOauthRequest"]) {
  finishing ??= latchkey.completeOAuth(request);
  return finishing;
}

/** Where a provider leads back to. */
export function Return() {
  const navigate = useNavigate();
  const { status } = useSession();
  const [error, setError] = useState<LatchkeyErrorBody | null>(arrival?.kind === "refused" ? arrival.error : null);

  useEffect(() => {
    if (arrival?.kind !== "return") return;
    let isThere = true;
    void finish(arrival.request).then(({ data, error }) => {
      if (!isThere) return;
      if (error) setError(error);
      else void navigate(data.returnTo ?? "/profile", { replace: true });
    });
    return () => {
      isThere = false;
    };
  }, [navigate]);

  if (arrival?.kind === "return" && !error) return <Waiting />;
  return (
    <>
      <Heading title={titleOf(error, status === "signedIn")}>{textOf(error, status === "signedIn")}</Heading>
      <p className="elsewhere">
        {status === "signedIn" ? <Link to="/profile">Go to your profile</Link> : <Link to="/sign-in">Go to sign-in</Link>}
      </p>
    </>
  );

  function textOf(error: LatchkeyErrorBody | null, isMember: boolean) {
    if (error && isOver(error, isMember))
      return "You are signed in. What led here was used before, or began in another browser.";
    if (error?.code === "auth_email_not_confirmed") {
      return "We sent a mail to the address that you have there. Follow its link, and then sign in once more.";
    }
    if (error) {
      const { notice, fields } = problemOf(error, status);
      return notice ?? fields.email;
    }
    if (arrival?.kind === "astray") return "We lost the way back. Please begin again; if it happens again, tell our support.";
    return isMember ? "There is nothing left to do here." : "This page works once. Please begin again.";
  }
}

function titleOf(error: LatchkeyErrorBody | null, isMember: boolean): string {
  if (!error) return arrival?.kind === "astray" ? "That did not work" : "Nothing to do";
  if (isOver(error, isMember)) return "Nothing to do";
  if (error.code === "auth_email_not_confirmed") return "Check your mail";
  return error.code === "auth_provider_denied" ? "You changed your mind" : "That did not work";
}

/** Who went back to the provider's page after all was done sees this, and need not be bothered. */
function isOver(error: LatchkeyErrorBody, isMember: boolean): boolean {
  return error.code === "auth_flow_invalid" && isMember;
}
