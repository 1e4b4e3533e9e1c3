"""The scenarios that are recorded: each is one file's worth of requests, and what the project has to be like for them."""

from tests.recorded.scenarios import (
    accounts,
    captcha,
    email_change,
    gateway,
    identities,
    limits,
    mails,
    mfa,
    passwords,
    profile,
    refreshes,
    sessions,
    switched_off,
)
from tests.recorded.scenarios.scene import SCENARIOS, Scenario, Scene

__all__ = [
    "SCENARIOS",
    "Scenario",
    "Scene",
    "accounts",
    "captcha",
    "email_change",
    "gateway",
    "identities",
    "limits",
    "mails",
    "mfa",
    "passwords",
    "profile",
    "refreshes",
    "sessions",
    "switched_off",
]
