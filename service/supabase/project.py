"""Everything of one Supabase project, over one connection pool."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from service.supabase.admin import AdminClient
from service.supabase.auth.account import AccountCalls
from service.supabase.auth.captcha import CaptchaAnswer, CaptchaProbe, SecretKeyRule
from service.supabase.auth.config import ConfigCalls
from service.supabase.auth.email import EmailCalls
from service.supabase.auth.gotrue import GoTrue
from service.supabase.auth.identities import IdentityCalls
from service.supabase.auth.oauth import OauthCalls
from service.supabase.auth.otp import OtpCalls
from service.supabase.auth.password import PasswordCalls
from service.supabase.auth.requests import AuthRequests
from service.supabase.auth.session import SessionCalls
from service.supabase.auth.sign_up import SignUpCalls
from service.supabase.call import SENDS_MAIL, Call
from service.supabase.calls import UpstreamCall
from service.supabase.captcha_provider import VERIFY_URLS, CaptchaGate, CaptchaProvider
from service.supabase.data_api import DataApi
from service.supabase.http.httpx_client import httpx_client
from service.supabase.http.pool import PoolState
from service.supabase.http.wire import Wire
from service.supabase.readiness import ReadinessProbe
from service.supabase.signing_keys import SigningKeys

if TYPE_CHECKING:
    from service.settings import Settings


class Supabase:
    """What can be asked, by capability. Close it with `aclose()`.

    `timeout` bounds each call, and `mail_timeout` those that send a mail, in seconds.
    """

    def __init__(self, settings: Settings) -> None:
        url, self.timeout, self.mail_timeout = settings.supabase_url, settings.upstream_timeout, settings.mail_deadline
        publishable_key = settings.supabase_publishable_key.get_secret_value()
        secret_key = settings.supabase_secret_key.get_secret_value()
        self._wire = Wire(
            url,
            connect_timeout=settings.upstream_connect_timeout,
            read_timeout=settings.upstream_read_timeout,
            max_connections=settings.upstream_max_connections,
            keepalive=settings.upstream_keepalive,
        )
        http = httpx_client(self._wire)
        upstream = partial(_upstream, self._wire, self.timeout, self.mail_timeout)
        gotrue = GoTrue(
            http,
            url,
            publishable_key=publishable_key,
            secret_key=secret_key,
            may_carry_secret_key=self._may_carry_secret_key,
            patient_http=httpx_client(self._wire.patient(settings.mail_deadline)),
        )
        # Without forwarding no call has a reason to carry the secret key, and a configured captcha is believed.
        believes = settings.forward_client_ip and settings.captcha == "none"
        self.client_of_nobody = gotrue.client_of_nobody
        self.captcha_probe = CaptchaProbe(gotrue.client_of_nobody, timeout=self.timeout) if believes else None
        self._secret_key_rule = SecretKeyRule(self.captcha_probe)
        self.captcha = CaptchaGate(_provider(settings))
        self.session = SessionCalls(gotrue, upstream)
        requests = AuthRequests(url, gotrue)
        self.sign_up = SignUpCalls(requests, upstream)
        self.config = ConfigCalls(requests, upstream)
        self.email = EmailCalls(requests, upstream)
        self.otp = OtpCalls(requests, upstream)
        self.oauth = OauthCalls(gotrue, requests, self.config, upstream, base_url=url)
        self.identities = IdentityCalls(gotrue, requests, upstream)
        self.password = PasswordCalls(requests, upstream)
        self.account = AccountCalls(gotrue, DataApi(http, url, publishable_key=publishable_key), upstream)
        self.signing_keys = SigningKeys(http, url, timeout=self.timeout)
        admin = AdminClient(http, url, secret_key=secret_key)
        self.readiness = ReadinessProbe(self._wire, url, admin, api_key=publishable_key, timeout=settings.upstream_read_timeout)

    def _may_carry_secret_key(self, call: Call, captcha: CaptchaAnswer) -> bool:
        return self._secret_key_rule.allows(call, captcha)

    def begin(self) -> None:
        """Ask what has to be known early. Call it inside the running event loop."""
        if self.captcha_probe is not None:
            self.captcha_probe.wanted()

    async def look_around(self) -> None:
        """Ask what changes outside of the service: whether Supabase is well, and whether the project has a captcha now."""
        self.begin()
        await self.readiness.state()

    def pool(self) -> PoolState:
        """How the connection pool stands."""
        return self._wire.pool()

    async def aclose(self) -> None:
        """Close the connections."""
        self._wire.close()
        self.captcha.close()


def _upstream(wire: Wire, timeout: float, mail_timeout: float, call: Call) -> UpstreamCall:
    seconds = mail_timeout if call in SENDS_MAIL else timeout
    return UpstreamCall(call, seconds, on_foreign_answer=wire.renew_connections)


def _provider(settings: Settings) -> CaptchaProvider | None:
    if settings.captcha != "here" or settings.captcha_provider is None or settings.captcha_secret is None:
        return None  # the settings' policy sees to it that they are there where they are needed
    return CaptchaProvider(
        settings.captcha_verify_url or VERIFY_URLS[settings.captcha_provider],
        secret=settings.captcha_secret.get_secret_value(),
        site_key=settings.captcha_site_key,
        deadline=settings.captcha_deadline,
    )
