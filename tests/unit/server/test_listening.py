"""What keeps the service from listening is told by the variable that it is about."""

from __future__ import annotations

import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local.ports import ListenError, PortTakenError, require_free
from service.server.listening import obstacle
from tests.support.service import ROOT, free_port
from tests.unit.test_settings import SAFE


@pytest.mark.parametrize(
    "host", ["x86_64-conda-linux-gnu", "192.0.2.1", "2001:db8::1", "a b", "127.0.0.1:8000", "http://localhost"]
)
def test_a_host_that_is_none_here_is_told_as_such_and_no_port_is_called_taken(host: str) -> None:
    found = obstacle(host, free_port())
    assert found is not None
    assert (found.variable, found.taken) == ("HOST", False)
    with pytest.raises(ListenError):
        require_free(free_port(), host)


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "0.0.0.0", ""])  # noqa: S104 - for a moment
def test_a_host_of_this_machine_is_none(host: str) -> None:
    assert obstacle(host, free_port()) is None


def test_a_port_that_another_program_has_is_taken() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        found = obstacle("127.0.0.1", listener.getsockname()[1])
        assert found is not None
        assert (found.variable, found.taken) == ("PORT", True)
        with pytest.raises(PortTakenError):
            require_free(listener.getsockname()[1])


def test_the_service_says_what_is_wrong_with_host_and_ends(tmp_path: Path) -> None:
    environment = {**SAFE, "PYTHONPATH": str(ROOT), "HOST": "x86_64-conda-linux-gnu"}
    done = subprocess.run(
        [sys.executable, "-m", "service"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 3
    assert "HOST is no address" in done.stderr
    assert "taken" not in done.stderr
