"""The operations of openapi/ops.yaml: for load balancers and orchestrators."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict
from pydantic.alias_generators import to_camel

from service.draining import Draining
from service.limits.rate_limit import RateLimiter
from service.reply import Reply, Text
from service.security.issued_tokens import IssuedTokens
from service.supabase.project import Supabase
from service.supabase.readiness import Migration, SupabaseState
from service.telemetry import metrics
from service.telemetry.vital_signs import VitalSigns

CheckResult = Literal["ok", "degraded", "failed", "unknown"]

_NOT_ASKED = SupabaseState("unknown", "unknown", "unknown")
_RETRY_AFTER = "2"  # seconds; the readiness probe asks Supabase again after as many


class Health(BaseModel):
    """The process is alive."""

    status: Literal["ok"]


class Checks(BaseModel):
    """What each part said."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True)

    auth: CheckResult
    data_api: CheckResult
    migration: Migration
    tokens: CheckResult
    captcha: CheckResult
    rate_limits: CheckResult
    draining: CheckResult


class Readiness(BaseModel):
    """Whether to send traffic."""

    status: Literal["ready", "unavailable"]
    checks: Checks


class OpsHandlers:
    """What the operations ask: Supabase and its tokens, the rate limits, the process itself, whether it was told to stop."""

    def __init__(
        self,
        *,
        supabase: Supabase,
        tokens: IssuedTokens,
        limiter: RateLimiter | None,
        vital_signs: VitalSigns,
        draining: Draining,
    ) -> None:
        self._supabase = supabase
        self._tokens = tokens
        self._limiter = limiter
        self._vital_signs = vital_signs
        self._draining = draining

    def _captcha(self) -> CheckResult:
        """Degraded while the project wants a captcha that the settings do not name, or while that is not known."""
        probe = self._supabase.captcha_probe
        return "ok" if probe is None or self._draining.active or probe.wanted() == "no" else "degraded"

    async def get_metrics(self) -> Reply:
        """What Prometheus collects."""
        self._vital_signs.measure()
        return Reply(Text(metrics.render(), metrics.CONTENT_TYPE))

    async def get_health(self) -> Reply:
        """Alive."""
        return Reply(Health(status="ok"))

    async def get_readiness(self) -> Reply:
        """Ready, or which part is not. While draining Supabase is not asked: the answer is known, and wanted at once."""
        supabase = _NOT_ASKED if self._draining.active else await self._supabase.readiness.state()
        checks = Checks(
            auth=supabase.auth,
            data_api=supabase.data_api,
            migration=supabase.migration,
            tokens=self._tokens.state,
            captcha=self._captcha(),
            rate_limits="degraded" if self._limiter is not None and self._limiter.degraded else "ok",
            draining="failed" if self._draining.active else "ok",
        )
        ready = not {"failed", "unknown"} & {checks.auth, checks.data_api, checks.migration, checks.draining}
        ready = ready and checks.tokens != "failed"  # unknown is what every process begins with
        if ready:
            return Reply(Readiness(status="ready", checks=checks))
        return Reply(Readiness(status="unavailable", checks=checks), status=503, headers={"Retry-After": _RETRY_AFTER})
