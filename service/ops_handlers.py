"""The operations of openapi/ops.yaml: for load balancers and orchestrators."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from service.rate_limit import RateLimiter
from service.replies import Reply
from service.supabase.backend import Supabase

CheckResult = Literal["ok", "degraded", "failed", "unknown"]


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"] = "ok"


class Checks(BaseModel):
    """What each part said."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    auth: CheckResult
    data_api: CheckResult
    migration: CheckResult
    rate_limits: CheckResult
    draining: CheckResult


class Readiness(BaseModel):
    """Whether to send traffic."""

    status: Literal["ready", "unavailable"]
    checks: Checks


class OpsHandlers:
    """`draining` is set once the process was told to stop."""

    def __init__(self, *, supabase: Supabase, limiter: RateLimiter | None) -> None:
        self._supabase = supabase
        self._limiter = limiter
        self.draining = False

    async def get_health(self) -> Reply:
        """Alive."""
        return Reply(Health())

    async def get_readiness(self) -> Reply:
        """Ready, or which part is not."""
        supabase = await self._supabase.readiness.state()
        checks = Checks(
            auth=supabase.auth,
            data_api=supabase.data_api,
            migration=supabase.migration,
            rate_limits="degraded" if self._limiter is not None and self._limiter.degraded else "ok",
            draining="failed" if self.draining else "ok",
        )
        ready = not {"failed", "unknown"} & {checks.auth, checks.data_api, checks.migration, checks.draining}
        return Reply(Readiness(status="ready" if ready else "unavailable", checks=checks), status=200 if ready else 503)
