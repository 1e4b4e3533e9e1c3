"""`python -m tests.soak.health URL SECONDS`: how quickly /healthz answers, in a process that has nothing else to do.

Prints the milliseconds of each answer as a JSON array. Asks twenty times a second, over one connection.
"""

from __future__ import annotations

import http.client
import json
import sys
import time
from urllib.parse import urlsplit

_INTERVAL = 0.05  # seconds


def watch(url: str, seconds: float) -> list[float]:
    """Milliseconds of each answer. Raises OSError or http.client.HTTPException when there is none within 10 seconds."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=10)
    taken = []
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        started = time.perf_counter()
        connection.request("GET", "/healthz")
        response = connection.getresponse()
        response.read()
        taken.append((time.perf_counter() - started) * 1000)
        if response.status != http.HTTPStatus.OK:
            raise http.client.HTTPException(f"/healthz answered {response.status}")
        time.sleep(_INTERVAL)
    return taken


if __name__ == "__main__":
    sys.stdout.write(json.dumps(watch(sys.argv[1], float(sys.argv[2]))))
