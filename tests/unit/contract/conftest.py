"""Settings for what needs some and starts no service."""

import pytest

from local.keys import Keys
from service.settings import Settings
from tests.support.service import development_env, free_port


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch, keys: Keys) -> Settings:
    """Those of a test's service."""
    for name, value in development_env("http://127.0.0.1:9", keys, free_port()).items():
        monkeypatch.setenv(name, value)
    return Settings()
