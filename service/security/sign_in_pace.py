"""When a refused sign-in is answered: at moments that do not tell why it was refused.

Supabase hashes a password only for who exists: a wrong one takes it 88 ms and an unknown address 4 ms, and whoever measures
that knows who has an account.
"""

from __future__ import annotations

from collections import deque
from math import ceil
from typing import Final

_FIRST: Final = 0.1  # seconds
_LAST: Final = 1.0
_GRAIN: Final = 0.05
_HEADROOM: Final = 1.1  # what is slower by as much is still answered with the others
_RECENT: Final = 200


class SignInPace:
    """A refusal is answered at the next multiple of a step. Times are in seconds.

    The step is a little more than 99 of 100 sign-ins take that hashed a password: recent ones that were accepted and, for a
    process that has seen few of these, recent ones that were refused. It goes up in grains, so that it seldom changes.
    """

    def __init__(self) -> None:
        self._accepted: deque[float] = deque(maxlen=_RECENT)
        self._refused: deque[float] = deque(maxlen=_RECENT)

    def accepted(self, seconds: float) -> None:
        """Note how long an accepted one took."""
        self._accepted.append(seconds)

    def refused(self, seconds: float) -> float:
        """Note how long a refused one took; how long after its beginning it is to be answered."""
        self._refused.append(seconds)
        step = self.step
        return ceil(seconds / step) * step

    @property
    def step(self) -> float:
        """From 100 ms to 1 s."""
        needed = _HEADROOM * max(_percentile(self._accepted), _percentile(self._refused))
        return min(max(ceil(needed / _GRAIN) * _GRAIN, _FIRST), _LAST)


def _percentile(times: deque[float]) -> float:
    """The 99th; the longest where there are fewer than a hundred."""
    return sorted(times)[ceil(len(times) * 0.99) - 1] if times else 0.0
