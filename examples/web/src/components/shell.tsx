import type { ReactNode } from "react";

/** The frame of every page: the brand on one side, or above on a narrow screen, and the page on the other. */
export function Shell({ children }: { children: ReactNode }) {
  return (
    <div className="shell">
      <header className="brand">
        <span className="brand-name">
          <Key />
          Latchkey
        </span>
        <p className="brand-line">Your key stays with you.</p>
        <p className="brand-note">
          The access token lives in this page’s memory. The refresh token lives in a cookie that no script can read.
        </p>
        <Doors />
      </header>
      <main className="page">
        <div className="card">{children}</div>
      </main>
    </div>
  );
}

function Key() {
  return (
    <svg className="key" viewBox="0 0 32 32" aria-hidden="true">
      <rect width="32" height="32" rx="9" />
      <path d="M15.4 16.6 24 8m-3.2 3.2 2.9 2.9m-5.6-.2 2.1 2.1" />
      <circle cx="11.8" cy="20.2" r="4.6" />
    </svg>
  );
}

/** A row of doors, one of them ajar. */
function Doors() {
  return (
    <svg className="doors" viewBox="0 0 320 150" aria-hidden="true">
      <path className="floor" d="M0 149h320" />
      {[12, 90, 246].map((x) => (
        <g key={x} transform={`translate(${x} 20)`}>
          <path className="frame" d="M0 129V31a31 31 0 0 1 62 0v98Z" />
          <circle className="knob" cx="50" cy="78" r="2.6" />
        </g>
      ))}
      <g transform="translate(168 20)">
        <path className="light" d="M0 129V31a31 31 0 0 1 62 0v98Z" />
        <path className="spill" d="m0 129-26 21H88L62 129Z" />
        <path className="leaf" d="M0 129V31C0 14 14 2 26 0l16 18v125Z" />
        <circle className="knob" cx="35" cy="84" r="2.6" />
      </g>
    </svg>
  );
}
