import { useSession } from "@latchkey/client/react";
import { useState } from "react";
import { Navigate, Outlet, Route, Routes, useLocation } from "react-router";
import { Shell } from "./components/shell.tsx";
import { useKnownConfig } from "./config.tsx";
import { Accounts } from "./pages/accounts.tsx";
import { ChangeEmail } from "./pages/change-email.tsx";
import { ChangeName } from "./pages/change-name.tsx";
import { ChangePassword } from "./pages/change-password.tsx";
import { CheckMail } from "./pages/check-mail.tsx";
import { CompanySignIn } from "./pages/company-sign-in.tsx";
import { Confirm } from "./pages/confirm.tsx";
import { DeleteAccount } from "./pages/delete-account.tsx";
import { MailSignIn } from "./pages/mail-sign-in.tsx";
import { NewPassword } from "./pages/new-password.tsx";
import { Profile } from "./pages/profile.tsx";
import { Recover } from "./pages/recover.tsx";
import { Return } from "./pages/return.tsx";
import { SecondFactor } from "./pages/second-factor.tsx";
import { Security } from "./pages/security.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { SignUp } from "./pages/sign-up.tsx";
import { Unreachable } from "./pages/unreachable.tsx";
import { Waiting } from "./pages/waiting.tsx";

export function App() {
  const session = useSession();
  const config = useKnownConfig();
  // Until it is known who is signed in, and what the project has, no page is shown that may be the wrong one.
  if (session.status === "unknown" && session.error) {
    return (
      <Shell>
        <Unreachable error={session.error} />
      </Shell>
    );
  }
  if (session.status === "unknown" || !config) return <Waiting />;
  return (
    <Routes>
      <Route element={<InShell />}>
        <Route path="/account/confirm" element={<Confirm />} />
        <Route path="/account/return" element={<Return />} />
      </Route>
      <Route element={<ForVisitors />}>
        <Route path="/sign-in" element={<SignIn />} />
        <Route path="/sign-in/mail" element={<MailSignIn />} />
        <Route path="/sign-in/company" element={<CompanySignIn />} />
        <Route path="/sign-up" element={<SignUp />} />
        <Route path="/check-mail" element={<CheckMail />} />
        <Route path="/recover" element={<Recover />} />
      </Route>
      <Route element={<ForMembers />}>
        <Route path="/profile" element={<Profile />} />
        <Route path="/profile/name" element={<ChangeName />} />
        <Route path="/profile/email" element={<ChangeEmail />} />
        <Route path="/profile/password" element={<ChangePassword />} />
        <Route path="/profile/accounts" element={<Accounts />} />
        <Route path="/profile/security" element={<Security />} />
        <Route path="/profile/delete" element={<DeleteAccount />} />
      </Route>
      <Route path="*" element={<Navigate to="/profile" replace />} />
    </Routes>
  );
}

function ForVisitors() {
  const session = useSession();
  return session.status === "signedIn" ? <Navigate to="/profile" replace /> : <InShell />;
}

/** Before a member sees a page, what is due comes first: a second factor, then the new password of a recovery. */
function ForMembers() {
  const session = useSession();
  const { pathname } = useLocation();
  const [skipped, setSkipped] = useState<string | null>(null);
  if (session.status !== "signedIn") return <Navigate to="/sign-in" replace state={{ from: pathname }} />;
  const factor = session.next === "mfa" && skipped !== session.user.id;
  return (
    <Shell>
      {factor ? (
        <SecondFactor factors={session.mfa.factors} onSkip={() => setSkipped(session.user.id)} />
      ) : session.next === "set_password" ? (
        <NewPassword />
      ) : (
        <Outlet />
      )}
    </Shell>
  );
}

function InShell() {
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
