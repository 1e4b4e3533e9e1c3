"""What a front end has to know before it draws the sign-in page."""

from __future__ import annotations

from service.models import AuthConfig, CaptchaConfig, Provider
from service.reply import Reply
from service.settings import Settings
from service.supabase.auth.config import ConfigCalls
from service.supabase.calls import answer_of_supabase


class ConfigHandlers:
    """Tells what Supabase tells, and for what it does not, the service's own settings."""

    def __init__(self, *, supabase: ConfigCalls, settings: Settings) -> None:
        self._supabase = supabase
        self._captcha = _captcha(settings)
        self._password_min_length = settings.password_min_length
        self._email_change_confirm = settings.email_change_confirm
        self._account_deletion = settings.account_deletion != "off"

    async def get_config(self) -> Reply:
        """The same for everybody, so that any cache may keep it for as long as the service does."""
        known = await self._supabase.get()
        config = known.config
        with answer_of_supabase():
            body = AuthConfig(
                sign_up=config.sign_up,
                email_sign_in=config.email_sign_in,
                email_confirmation=config.email_confirmation,
                providers=[Provider(name) for name in config.providers],
                sso=config.sso,
                anonymous=config.anonymous,
                captcha=self._captcha,
                password_min_length=self._password_min_length,
                email_change_confirm=self._email_change_confirm,
                account_deletion=self._account_deletion,
            )
        return Reply(body, headers={"Cache-Control": f"public, max-age={known.good_for}", "Vary": "Origin"})


def _captcha(settings: Settings) -> CaptchaConfig | None:
    """What the widget needs; None where there is none to show."""
    if settings.captcha == "none" or settings.captcha_provider is None or settings.captcha_site_key is None:
        return None
    return CaptchaConfig(provider=settings.captcha_provider, site_key=settings.captcha_site_key)
