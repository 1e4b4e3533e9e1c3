import { Link } from "react-router";

/** Below each page of the profile. */
export function Back() {
  return (
    <p className="elsewhere">
      <Link to="/profile">Back to your profile</Link>
    </p>
  );
}
