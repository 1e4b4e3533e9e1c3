"""Writes log lines in a thread of its own: whoever logs never waits for whoever reads."""

from __future__ import annotations

import contextlib
import logging
import os
import select
import signal
import threading
import time
from queue import SimpleQueue
from types import FrameType
from typing import Final

MAX_LINES: Final = 10_000
"""Lines that may wait to be read; with half a kilobyte each, 5 MB."""

FLUSH_SECONDS: Final = 1.0
"""How long the end of the process waits for lines that nobody reads."""

_BATCH = 200  # lines that are written at once
_PAUSE = 0.002  # seconds between two batches: under load, many lines then cost one change of threads


class LogWriter(logging.Handler):
    """Formats where it is called, and hands the line over to its thread. Lines beyond MAX_LINES are dropped and counted."""

    def __init__(self, descriptor: int = 2) -> None:
        super().__init__()
        self._descriptor = descriptor
        self._lines: SimpleQueue[bytes | threading.Event] = SimpleQueue()
        self._thread: threading.Thread | None = None

    def emit(self, record: logging.LogRecord) -> None:
        """Take the record over. Never waits, and raises nothing."""
        if self._lines.qsize() >= MAX_LINES:
            _count_dropped(1)
            return
        try:
            line = self.format(record)
        except Exception:
            _count_dropped(1)
            return
        self._lines.put(line.encode("utf-8", "backslashreplace") + b"\n")
        if self._thread is None:
            # A daemon: the interpreter does not wait for it at its end, `flush` does.
            self._thread = threading.Thread(target=self._run, name="log", daemon=True)
            self._thread.start()

    def flush(self) -> None:
        """Wait until what was taken over is written, for FLUSH_SECONDS at most."""
        if self._thread is not None and self._thread.is_alive():
            written = threading.Event()
            self._lines.put(written)
            written.wait(FLUSH_SECONDS)

    def _run(self) -> None:
        while True:
            taken = [self._lines.get()]
            while len(taken) < _BATCH and not self._lines.empty():
                taken.append(self._lines.get())
            lines = [line for line in taken if isinstance(line, bytes)]
            try:
                self._write(b"".join(lines))
            except OSError:  # nobody will ever read it
                _count_dropped(len(lines))
            for flushed in taken:
                if isinstance(flushed, threading.Event):
                    flushed.set()
            time.sleep(_PAUSE)

    def _write(self, data: bytes) -> None:
        while data:
            try:
                data = data[os.write(self._descriptor, data) :]
            except BlockingIOError:  # whoever shares it with this process may have made it so
                select.select([], [self._descriptor], [])


def flush_logs() -> None:
    """Wait for the log's thread, for FLUSH_SECONDS at most."""
    for handler in logging.getLogger().handlers:
        handler.flush()


def flush_before(number: signal.Signals) -> None:
    """Flush the logs before a signal ends this process: without a handler of its own, it would end in the middle of a line.

    Whoever had a handler before gets the signal after that.
    """
    before = signal.getsignal(number)

    def flush_and_end(received: int, _frame: FrameType | None) -> None:
        flush_logs()
        signal.signal(received, before if before is not None else signal.SIG_DFL)
        signal.raise_signal(received)

    with contextlib.suppress(ValueError):  # only the main thread may
        signal.signal(number, flush_and_end)


def _count_dropped(count: int) -> None:
    from service.telemetry import metrics  # here, as the settings are refused before it is needed

    metrics.LOG_LINES_DROPPED.inc(count)
