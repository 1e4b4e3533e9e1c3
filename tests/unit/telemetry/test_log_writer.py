"""Logging waits for nobody: not for a pipe that nobody reads, and not at the end of the process."""

from __future__ import annotations

import json
import logging
import os
import threading
import time
from collections.abc import Iterator

import pytest
from prometheus_client import REGISTRY

from service.telemetry.log_writer import FLUSH_SECONDS, MAX_LINES, LogWriter

SOON = 10  # seconds in which even a busy machine has done it


@pytest.fixture
def pipe() -> Iterator[tuple[int, int]]:
    reading, writing = os.pipe()
    yield reading, writing
    os.close(reading)


def record(message: str) -> logging.LogRecord:
    return logging.LogRecord("test", logging.INFO, __file__, 1, message, (), None)


def dropped() -> float:
    return REGISTRY.get_sample_value("latchkey_log_lines_dropped_total") or 0


def read(descriptor: int, until: bytes) -> bytes:
    received = b""
    while until not in received:
        received += os.read(descriptor, 65_536)
    return received


def test_lines_come_out_in_their_order(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1])
    for number in range(1_000):
        writer.handle(record(f"line {number}"))
    lines = read(pipe[0], b"line 999\n").decode().splitlines()
    assert lines == [f"line {number}" for number in range(1_000)]


def test_flush_waits_until_everything_is_written(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1])
    for _ in range(500):
        writer.handle(record("a line"))
    writer.flush()
    assert os.read(pipe[0], 65_536) == b"a line\n" * 500


@pytest.mark.thorough
def test_nobody_waits_for_a_pipe_that_nobody_reads_and_what_is_lost_is_counted(pipe: tuple[int, int]) -> None:
    writer = LogWriter(pipe[1])
    before = dropped()
    started = time.monotonic()
    for number in range(MAX_LINES + 5_000):
        writer.handle(record(f"{number} {'x' * 200}"))
    writer.flush()
    assert time.monotonic() - started < FLUSH_SECONDS + SOON
    lost = dropped() - before
    assert 0 < lost <= 5_000
    read(pipe[0], f"{MAX_LINES - 1} x".encode())  # whoever comes back finds the first ones
    writer.handle(record("the last"))
    read(pipe[0], b"the last\n")  # nothing of this one is left, to be counted as lost in another test


def test_a_reader_that_has_gone_costs_the_lines_and_nothing_else() -> None:
    reading, writing = os.pipe()
    os.close(reading)
    writer = LogWriter(writing)
    before = dropped()
    writer.handle(record("lost"))
    writer.flush()
    assert dropped() == before + 1
    os.close(writing)


def test_a_descriptor_that_somebody_made_nonblocking_loses_nothing(pipe: tuple[int, int]) -> None:
    os.set_blocking(pipe[1], False)
    writer = LogWriter(pipe[1])
    line = json.dumps({"x": "y" * 1_000})
    for _ in range(500):
        writer.handle(record(line))
    writer.handle(record("the last"))
    assert read(pipe[0], b"the last\n").count(b"\n") == 501


def test_the_thread_does_not_keep_the_process(pipe: tuple[int, int]) -> None:
    LogWriter(pipe[1]).handle(record("a line"))
    [thread] = {thread for thread in threading.enumerate() if thread.name == "log"} - set(_of_others)
    _of_others.append(thread)
    assert thread.daemon


_of_others: list[threading.Thread] = []


@pytest.fixture(autouse=True)
def _note_threads() -> None:
    _of_others[:] = [thread for thread in threading.enumerate() if thread.name == "log"]
