import type { ReactNode } from "react";

interface ButtonProps {
  children: ReactNode;
  busy?: boolean;
  busyLabel?: string;
  disabled?: boolean;
  plain?: boolean;
  /** For what cannot be undone. */
  danger?: boolean;
  onClick?: () => void;
}

/** A button that keeps its size, its label and its focus while it is busy: a spinner shows, and `busyLabel` is read out. Without `onClick` it submits its form. */
export function Button({
  children,
  busy = false,
  busyLabel = "",
  disabled = false,
  plain = false,
  danger = false,
  onClick,
}: ButtonProps) {
  return (
    <button
      type={onClick ? "button" : "submit"}
      className={plain ? "button plain" : danger ? "button danger" : "button"}
      aria-disabled={busy || disabled}
      onClick={() => {
        if (!busy && !disabled) onClick?.();
      }}
    >
      {busy && <span className="spinner" aria-hidden="true" />}
      {children}
      <span className="spoken" role="status">
        {busy ? busyLabel : ""}
      </span>
    </button>
  );
}
