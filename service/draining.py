"""Whether this process was told to stop. A signal concerns the process, so this state does too."""

from __future__ import annotations

import time


class Draining:
    """Between the signal and the end: requests are still answered, and nobody should send new ones."""

    def __init__(self) -> None:
        self._active = False
        self._began: float | None = None

    @property
    def active(self) -> bool:
        """Whether the process was told to stop."""
        return self._active

    def begin(self) -> None:
        """Note that it was. There is no way back. Safe in a signal handler: it takes no lock."""
        if not self._active:
            self._began = time.monotonic()
        self._active = True

    def left_of(self, seconds: float) -> float:
        """What is left of these since the process was told to stop, in seconds; all of it where nobody told it."""
        return seconds if self._began is None else max(seconds - (time.monotonic() - self._began), 0)


DRAINING = Draining()
