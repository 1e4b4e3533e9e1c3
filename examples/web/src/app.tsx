import { useSession } from "@latchkey/client/react";
import { Navigate, Outlet, Route, Routes } from "react-router";
import { Shell } from "./components/shell.tsx";
import { CheckMail } from "./pages/check-mail.tsx";
import { Profile } from "./pages/profile.tsx";
import { SignIn } from "./pages/sign-in.tsx";
import { SignUp } from "./pages/sign-up.tsx";
import { Unreachable } from "./pages/unreachable.tsx";
import { Waiting } from "./pages/waiting.tsx";

export function App() {
  const session = useSession();
  // Until it is known who is signed in, no page is shown that may be the wrong one.
  if (session.status === "unknown") {
    return session.error ? (
      <Shell>
        <Unreachable error={session.error} />
      </Shell>
    ) : (
      <Waiting />
    );
  }
  return (
    <Routes>
      <Route element={<ForVisitors />}>
        <Route path="/sign-in" element={<SignIn />} />
        <Route path="/sign-up" element={<SignUp />} />
        <Route path="/check-mail" element={<CheckMail />} />
      </Route>
      <Route element={<InShell />}>
        <Route
          path="/profile"
          element={session.status === "signedIn" ? <Profile user={session.user} /> : <Navigate to="/sign-in" replace />}
        />
      </Route>
      <Route path="*" element={<Navigate to="/profile" replace />} />
    </Routes>
  );
}

function ForVisitors() {
  const session = useSession();
  return session.status === "signedIn" ? <Navigate to="/profile" replace /> : <InShell />;
}

function InShell() {
  return (
    <Shell>
      <Outlet />
    </Shell>
  );
}
