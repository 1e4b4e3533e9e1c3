"""Whether this process was told to stop. A signal concerns the process, so this state does too."""

from __future__ import annotations

from service import metrics


class Draining:
    """Between the signal and the end: requests are still answered, and nobody should send new ones."""

    def __init__(self) -> None:
        self._active = False

    @property
    def active(self) -> bool:
        """Whether the process was told to stop."""
        return self._active

    def begin(self) -> None:
        """Note that it was. There is no way back."""
        self._active = True
        metrics.DRAINING.set(1)


DRAINING = Draining()
