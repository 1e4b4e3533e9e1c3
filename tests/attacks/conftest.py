"""The services that are attacked beside the usual one: started once for each module that asks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from local.keys import Keys
from local.supabase import LocalSupabase
from tests.support.service import ServiceProcess, development_env, free_port

StartModuleService = Callable[[dict[str, str | None]], ServiceProcess]


@pytest.fixture(scope="module")
def start_module_service(
    tmp_path_factory: pytest.TempPathFactory, supabase: LocalSupabase, keys: Keys
) -> Iterator[StartModuleService]:
    """Starts a service that lives as long as the module's tests."""
    with ExitStack() as stack:

        def start(settings: dict[str, str | None]) -> ServiceProcess:
            env = development_env(supabase.url, keys, free_port()) | settings
            return stack.enter_context(ServiceProcess(env, tmp_path_factory.mktemp("attacked") / "service.log"))

        yield start
