"""What follows from the settings: what is meant where somebody says nothing, and what two of them say together."""

from __future__ import annotations

from service.settings_fields import SettingsFields


class SettingsValues(SettingsFields):
    """The values as the service uses them. Raises `pydantic.ValidationError` for a malformed one."""

    @property
    def production(self) -> bool:
        """Whether the strict rules hold."""
        return self.app_env == "production"

    @property
    def drain_seconds(self) -> float:
        """Seconds that the process goes on serving after SIGTERM, for load balancers to notice."""
        return (5.0 if self.production else 0.0) if self.drain_delay is None else self.drain_delay

    @property
    def origins(self) -> tuple[str, ...]:
        """The origins whose pages may call the service."""
        if self.cors_origins is not None:
            return self.cors_origins
        return () if self.production else ("http://localhost:5173", "http://127.0.0.1:5173")

    @property
    def secure_cookies(self) -> bool:
        """Whether cookies carry the Secure attribute."""
        return self.production if self.cookie_secure is None else self.cookie_secure

    @property
    def host_prefix(self) -> bool:
        """Whether cookie names carry the `__Host-` prefix (RFC 6265bis section 4.1.3.2)."""
        return self.secure_cookies if self.cookie_host_prefix is None else self.cookie_host_prefix

    @property
    def serves_swagger_ui(self) -> bool:
        """Whether Swagger UI is served at /ui/."""
        return not self.production if self.swagger_ui is None else self.swagger_ui

    @property
    def validates_responses(self) -> bool:
        """Whether each response is checked against the contract."""
        return not self.production if self.validate_responses is None else self.validate_responses

    @property
    def mail_deadline(self) -> float:
        """Seconds that a call to Supabase may take which sends a mail."""
        longest = min(12.0, self.request_timeout - self.captcha_deadline - 0.5)
        return self.mail_timeout or max(longest, self.upstream_timeout)

    @property
    def captcha_deadline(self) -> float:
        """Seconds that the captcha's provider may take, before Supabase is called."""
        return 2.0 if self.captcha == "here" else 0.0

    @property
    def frontend(self) -> str:
        """Where the front end is, whose pages links and providers lead back to; empty in production where nobody says."""
        if self.frontend_url or self.production:
            return self.frontend_url or ""
        return next(iter(self.origins), f"http://localhost:{self.port}")

    @property
    def jwt_issuer(self) -> str:
        """What the `iss` claim of an access token must be."""
        return self.supabase_jwt_issuer or f"{self.supabase_url}/auth/v1"
