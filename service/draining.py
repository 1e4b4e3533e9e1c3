"""Whether this process was told to stop. A signal concerns the process, so this state does too."""

from __future__ import annotations


class Draining:
    """Between the signal and the end: requests are still answered, and nobody should send new ones."""

    def __init__(self) -> None:
        self._active = False

    @property
    def active(self) -> bool:
        """Whether the process was told to stop."""
        return self._active

    def begin(self) -> None:
        """Note that it was. There is no way back. Safe in a signal handler: it takes no lock."""
        self._active = True


DRAINING = Draining()
