"""Generated from openapi/auth.yaml by `make generate`. Do not edit."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import AwareDatetime, ConfigDict, Field, RootModel, SecretStr

from service.deferred_model import DeferredModel


class SignUpProfile(DeferredModel):
    """
    What is kept in the profile row. Null means that there is nothing.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    display_name: Annotated[
        str | None,
        Field(
            alias="displayName",
            description='The name to show, as the user wrote it. It is text, not HTML. One line, no control characters. Null and "" mean that\nthere is none.\n',
            max_length=100,
            pattern="^[^\\u0000-\\u001f\\u007f-\\u009f\\u2027-\\u202a]*$",
        ),
    ] = None


class SignInRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    email: Annotated[
        str,
        Field(
            description="The e-mail address of an account that may exist; only bounded, for Supabase Auth has addresses of many forms.",
            max_length=320,
            min_length=3,
            pattern="^[^\\u0000-\\u001f]+@[^\\u0000-\\u001f]+$",
        ),
    ]
    password: Annotated[
        SecretStr,
        Field(
            description="The password, as the user typed it.",
            max_length=256,
            min_length=1,
        ),
    ]
    captcha_token: Annotated[
        str | None,
        Field(
            alias="captchaToken",
            description='What the captcha\'s widget gave, good for one request. Null and "" mean that there is none.',
            max_length=8192,
            pattern="^[!-~]*$",
        ),
    ] = None
    remember: Annotated[
        bool | None,
        Field(
            description="Whether the session outlives the browser's; true where it is left out. With false the cookies have no Max-Age.\n"
        ),
    ] = None


class LogoutRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    scope: Annotated[
        Literal["local", "others", "global"] | None,
        Field(description="Which sessions end: this browser's, the user's other ones, or all; `local` where it is left out."),
    ] = None


class CsrfTokenResult(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    csrf_token: Annotated[
        str,
        Field(
            alias="csrfToken",
            description="Send it as `X-CSRF-Token`. Keep it in memory.",
            max_length=512,
            min_length=1,
            pattern="^[A-Za-z0-9._-]+$",
        ),
    ]
    session: Annotated[
        Literal["present", "absent"],
        Field(description="Whether a session's cookie came along. It may have ended all the same; `POST /auth/refresh` knows."),
    ]


class User(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: Annotated[
        UUID,
        Field(description="The user's id in Supabase, `auth.uid()` in its policies."),
    ]
    email: Annotated[
        str,
        Field(
            description="The user's e-mail address in lower case; empty for a user who has none (signed up elsewhere, by phone).",
            max_length=320,
            pattern="^[^\\u0000-\\u001f]*$",
        ),
    ]


class SignUpResult(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    user: User
    confirmation_required: Annotated[
        bool,
        Field(
            alias="confirmationRequired",
            description="Whether the user has to follow the link in the mailbox first. With false the session is open.",
        ),
    ]


class MfaFactor(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: Annotated[UUID, Field(description="The factor's id.")]
    type: Annotated[
        str,
        Field(
            description="What it is. `totp` is an authenticator app, the one kind that works here; pass over any other.",
            max_length=40,
            min_length=1,
            pattern="^[a-z0-9_-]+$",
        ),
    ]
    name: Annotated[
        str | None,
        Field(
            description="The name that the user gave it, to tell it from others; absent where there is none. It is text, not HTML.",
            max_length=1000,
            pattern="^[^\\u0000]*$",
        ),
    ] = None


class MfaState(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    required: Annotated[
        bool,
        Field(description="Whether the user has a second factor that this session has not seen yet."),
    ]
    factors: Annotated[
        list[MfaFactor],
        Field(
            description="The user's verified factors; none where the user has no second factor.",
            max_length=1000,
        ),
    ]


class Profile(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    display_name: Annotated[
        str | None,
        Field(
            alias="displayName",
            description="The name to show; null where there is none. It is text, not HTML.",
            max_length=1000,
            pattern="^[^\\u0000]*$",
        ),
    ]


class UserWithProfile(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: Annotated[
        UUID,
        Field(description="The user's id in Supabase, `auth.uid()` in its policies."),
    ]
    email: Annotated[
        str,
        Field(
            description="The user's e-mail address in lower case; empty for a user who has none (signed up elsewhere, by phone).",
            max_length=320,
            pattern="^[^\\u0000-\\u001f]*$",
        ),
    ]
    profile: Profile


class Me(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    user: UserWithProfile


class LogoutResult(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    ok: Literal[True]


class VerifyRequest(DeferredModel):
    """
    Either `type` and `tokenHash` (with `flow` and `email` where they are known), or `type`, `email` and `code`.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    type: Annotated[
        Literal["signup", "invite", "magiclink", "recovery", "email_change", "email"],
        Field(description="The `type` of the mail's link. `email` serves for a code that signs up or in."),
    ]
    token_hash: Annotated[
        str | None,
        Field(
            alias="tokenHash",
            description="The `token_hash` of the mail's link, as it stands there.",
            max_length=512,
            min_length=1,
            pattern="^[!-~]+$",
        ),
    ] = None
    flow: Annotated[
        str | None,
        Field(
            description="The `flow` of the query of the page that the link opened. It shows that this browser asked for the mail.",
            max_length=4096,
            min_length=1,
            pattern="^[!-~]+$",
        ),
    ] = None
    email: Annotated[
        str | None,
        Field(
            description="The e-mail address of an account that may exist; only bounded, for Supabase Auth has addresses of many forms.",
            max_length=320,
            min_length=3,
            pattern="^[^\\u0000-\\u001f]+@[^\\u0000-\\u001f]+$",
        ),
    ] = None
    code: Annotated[
        str | None,
        Field(
            description="The digits of the mail, without blanks.",
            max_length=10,
            min_length=6,
            pattern="^[0-9]+$",
        ),
    ] = None


class ResendRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    type: Annotated[
        Literal["signup", "email_change"],
        Field(description="Which mail. For a change of address, `email` is the present one."),
    ]
    email: Annotated[
        str,
        Field(
            description="The e-mail address of an account that may exist; only bounded, for Supabase Auth has addresses of many forms.",
            max_length=320,
            min_length=3,
            pattern="^[^\\u0000-\\u001f]+@[^\\u0000-\\u001f]+$",
        ),
    ]
    captcha_token: Annotated[
        str | None,
        Field(
            alias="captchaToken",
            description='What the captcha\'s widget gave, good for one request. Null and "" mean that there is none.',
            max_length=8192,
            pattern="^[!-~]*$",
        ),
    ] = None


class OtpRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    email: Annotated[
        str,
        Field(
            description="The e-mail address of an account that may exist; only bounded, for Supabase Auth has addresses of many forms.",
            max_length=320,
            min_length=3,
            pattern="^[^\\u0000-\\u001f]+@[^\\u0000-\\u001f]+$",
        ),
    ]
    create_user: Annotated[
        bool | None,
        Field(
            alias="createUser",
            description="Whether an address without an account gets one by it; true where it is left out.",
        ),
    ] = None
    captcha_token: Annotated[
        str | None,
        Field(
            alias="captchaToken",
            description='What the captcha\'s widget gave, good for one request. Null and "" mean that there is none.',
            max_length=8192,
            pattern="^[!-~]*$",
        ),
    ] = None


class RecoverRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    email: Annotated[
        str,
        Field(
            description="The e-mail address of an account that may exist; only bounded, for Supabase Auth has addresses of many forms.",
            max_length=320,
            min_length=3,
            pattern="^[^\\u0000-\\u001f]+@[^\\u0000-\\u001f]+$",
        ),
    ]
    captcha_token: Annotated[
        str | None,
        Field(
            alias="captchaToken",
            description='What the captcha\'s widget gave, good for one request. Null and "" mean that there is none.',
            max_length=8192,
            pattern="^[!-~]*$",
        ),
    ] = None


class PasswordRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    new_password: Annotated[
        SecretStr,
        Field(
            alias="newPassword",
            description="8 to 72 characters, and no more than 72 bytes in UTF-8 (the limit of bcrypt, which Supabase Auth uses). The project may ask\nfor more: see 422.\n",
            max_length=72,
            min_length=8,
        ),
    ]
    current_password: Annotated[
        SecretStr | None,
        Field(
            alias="currentPassword",
            description="The password, as the user typed it.",
            max_length=256,
            min_length=1,
        ),
    ] = None
    nonce: Annotated[
        str | None,
        Field(
            description="The code of the mail that `POST /auth/reauthenticate` sent.",
            max_length=64,
            min_length=1,
            pattern="^[!-~]+$",
        ),
    ] = None


class EmailChangeRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    email: Annotated[
        str,
        Field(
            description="An e-mail address (ASCII, as Supabase Auth takes it). Upper and lower case are the same account.",
            max_length=254,
            min_length=3,
            pattern="^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64})*@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$",
        ),
    ]


class ProfileChange(DeferredModel):
    """
    What changes in the profile row. What is left out stays; null and "" take a name away.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    display_name: Annotated[
        str | None,
        Field(
            alias="displayName",
            description='The name to show, as the user wrote it. It is text, not HTML. One line, no control characters. Null and "" mean that\nthere is none.\n',
            max_length=100,
            pattern="^[^\\u0000-\\u001f\\u007f-\\u009f\\u2027-\\u202a]*$",
        ),
    ] = None


class Provider(RootModel[str]):
    root: Annotated[str, Field(max_length=100, min_length=1, pattern="^[!-~]+$")]


class CaptchaConfig(DeferredModel):
    """
    The captcha to show where `captchaToken` is taken; null where there is none.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    provider: Annotated[
        str,
        Field(
            description="Whose widget to show.",
            max_length=40,
            min_length=1,
            pattern="^[a-z_-]+$",
        ),
    ]
    site_key: Annotated[
        str,
        Field(
            alias="siteKey",
            description="The key that the widget needs. It is public.",
            max_length=500,
            min_length=1,
            pattern="^[!-~]+$",
        ),
    ]


class EmailChangePending(DeferredModel):
    """
    A step of a change of address that opened no session; whoever was signed in here still is.
    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    session: Annotated[
        dict[str, Any] | None,
        Field(description="Always null, to be told from a Session at a glance."),
    ]
    next: Annotated[
        str,
        Field(
            description="`confirm_other_address`: one of the two addresses has confirmed; tell the user to open the mail in the other mailbox\ntoo. `sign_in`: both have, and the address is changed, but the address that was given does not show whose account that\nis (it may be the one that is no more): say that the new address signs in from now on. Treat any other like this one.\n",
            max_length=40,
            min_length=1,
            pattern="^[a-z_]+$",
        ),
    ]


class MailResult(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    ok: Literal[True]


class PasswordResult(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    ok: Literal[True]


class EmailChangeResult(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    confirm: Annotated[
        str,
        Field(
            description="`one`: the new address has to confirm. `both`: the present one, too. Treat any other as `both`.",
            max_length=40,
            min_length=1,
            pattern="^[a-z_]+$",
        ),
    ]


class StartOauthRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    provider: Annotated[
        str,
        Field(
            description="The provider, as Supabase names it (google, github, azure and others).",
            max_length=100,
            min_length=1,
            pattern="^[A-Za-z0-9:_-]+$",
        ),
    ]
    return_to: Annotated[
        str | None,
        Field(
            alias="returnTo",
            description="A path of the front end (with query and fragment, percent-encoded) to go on at: what the start of the flow was given. In\nanswers only where a flow was completed.\n",
            max_length=2048,
            min_length=1,
            pattern="^/([!-.0-\\[\\]-~][!-\\[\\]-~]*)?$",
        ),
    ] = None
    scopes: Annotated[
        str | None,
        Field(
            description="What to ask the provider for beside its own default, with blanks between.",
            max_length=1000,
            min_length=1,
            pattern="^[!-~]+( [!-~]+)*$",
        ),
    ] = None
    intent: Annotated[
        Literal["sign_in", "link"] | None,
        Field(
            description="`sign_in` where it is left out. `link` adds the provider to the user whose access token comes along."
        ),
    ] = None


class StartSsoRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    domain: Annotated[
        str,
        Field(
            description="What stands behind the @ of the user's address.",
            max_length=253,
            min_length=1,
            pattern="^[A-Za-z0-9.-]+$",
        ),
    ]
    return_to: Annotated[
        str | None,
        Field(
            alias="returnTo",
            description="A path of the front end (with query and fragment, percent-encoded) to go on at: what the start of the flow was given. In\nanswers only where a flow was completed.\n",
            max_length=2048,
            min_length=1,
            pattern="^/([!-.0-\\[\\]-~][!-\\[\\]-~]*)?$",
        ),
    ] = None
    captcha_token: Annotated[
        str | None,
        Field(
            alias="captchaToken",
            description='What the captcha\'s widget gave, good for one request. Null and "" mean that there is none.',
            max_length=8192,
            pattern="^[!-~]*$",
        ),
    ] = None


class CompleteOauthRequest(DeferredModel):
    """
    Either `flow` and `code`, or `flow`, `error` and, where the URL has one, `errorCode`.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    flow: Annotated[
        str,
        Field(
            description="The flow, signed. Opaque; give it back as it came.",
            max_length=4096,
            min_length=1,
            pattern="^[!-~]+$",
        ),
    ]
    code: Annotated[
        str | None,
        Field(
            description="The `code` of the URL.",
            max_length=512,
            min_length=1,
            pattern="^[!-~]+$",
        ),
    ] = None
    error: Annotated[
        str | None,
        Field(
            description="The `error` of the URL.",
            max_length=200,
            min_length=1,
            pattern="^[ -~]+$",
        ),
    ] = None
    error_code: Annotated[
        str | None,
        Field(
            alias="errorCode",
            description="The `error_code` of the URL.",
            max_length=200,
            min_length=1,
            pattern="^[ -~]+$",
        ),
    ] = None


class FlowStart(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    url: Annotated[
        str,
        Field(
            description="Send the browser here (`location.assign`), not a request.",
            max_length=16384,
            min_length=1,
            pattern="^https?://",
        ),
    ]
    flow: Annotated[
        str,
        Field(
            description="The flow, signed. Opaque; give it back as it came.",
            max_length=4096,
            min_length=1,
            pattern="^[!-~]+$",
        ),
    ]
    expires_in: Annotated[
        int,
        Field(
            alias="expiresIn",
            description="Seconds until the flow is too old to be completed.",
            ge=0,
            le=2147483647,
        ),
    ]


class ProviderTokens(DeferredModel):
    """
    The provider's own tokens, to call its API with. Only in the answer that completes a flow, once, and only where the
    service is told to hand them over (EXPOSE_PROVIDER_TOKENS).

    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    access_token: Annotated[
        str,
        Field(
            alias="accessToken",
            description="The provider's access token.",
            max_length=1048576,
            min_length=1,
            pattern="^[!-~]+$",
        ),
    ]
    refresh_token: Annotated[
        str | None,
        Field(
            alias="refreshToken",
            description="The provider's refresh token; absent where it gave none.",
            max_length=1048576,
            min_length=1,
            pattern="^[!-~]+$",
        ),
    ] = None


class Identity(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: Annotated[UUID, Field(description="The identity's id.")]
    provider: Annotated[
        str,
        Field(
            description="The provider (google, github and others), or `email`.",
            max_length=1000,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    email: Annotated[
        str | None,
        Field(
            description="The address that the provider knows; absent where it names none.",
            max_length=320,
            pattern="^[^\\u0000-\\u001f]*$",
        ),
    ] = None
    created_at: Annotated[
        AwareDatetime | None,
        Field(alias="createdAt", description="When it was linked."),
    ] = None
    last_sign_in_at: Annotated[
        AwareDatetime | None,
        Field(
            alias="lastSignInAt",
            description="When somebody last signed in by it; absent where that is not known.",
        ),
    ] = None


class IdentityList(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    identities: Annotated[list[Identity], Field(max_length=1000)]


class EnrollFactorRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    type: Annotated[Literal["totp"], Field(description="An authenticator app.")]
    name: Annotated[
        str | None,
        Field(
            description='A name to tell it from others. Null and "" mean that it has none, which one factor may.',
            max_length=100,
            pattern="^[^\\u0000-\\u001f\\u007f-\\u009f\\u2027-\\u202a]*$",
        ),
    ] = None


class VerifyFactorRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    factor_id: Annotated[UUID, Field(alias="factorId", description="The factor's id.")]
    code: Annotated[
        str,
        Field(
            description="What the authenticator app shows, without blanks.",
            max_length=6,
            min_length=6,
            pattern="^[0-9]+$",
        ),
    ]


class DeletionRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    confirm: Annotated[
        str,
        Field(
            description="The account's e-mail address, typed once more (upper and lower case are the same); for a user without one, the\nuser's id.\n",
            max_length=320,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]


class ListedFactor(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: Annotated[UUID, Field(description="The factor's id.")]
    type: Annotated[
        str,
        Field(
            description="What it is. `totp` is an authenticator app, the one kind that works here; pass over any other.",
            max_length=40,
            min_length=1,
            pattern="^[a-z0-9_-]+$",
        ),
    ]
    name: Annotated[
        str | None,
        Field(
            description="The name that the user gave it, to tell it from others; absent where there is none. It is text, not HTML.",
            max_length=1000,
            pattern="^[^\\u0000]*$",
        ),
    ] = None
    verified: Annotated[
        bool,
        Field(description="Whether it counts. Until its first code was given it does not."),
    ]
    created_at: Annotated[
        AwareDatetime | None,
        Field(alias="createdAt", description="When it was enrolled."),
    ] = None


class FactorList(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    factors: Annotated[list[ListedFactor], Field(max_length=1000)]


class TotpEnrollment(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    secret: Annotated[
        str,
        Field(
            description="The secret in base 32, to be typed where no picture can be taken.",
            max_length=1000,
            min_length=1,
            pattern="^[A-Z2-7=]+$",
        ),
    ]
    uri: Annotated[
        str,
        Field(
            description="What the QR code says. On a phone it can be a link.",
            max_length=8192,
            min_length=1,
            pattern="^otpauth://",
        ),
    ]
    qr_svg: Annotated[
        str,
        Field(
            alias="qrSvg",
            description="The QR code as an SVG, dark on light, of rectangles and paths alone. Show it as an image with a\n`data:image/svg+xml` URL.\n",
            max_length=65536,
            min_length=1,
            pattern="^<svg",
        ),
    ]


class ListedSession(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: Annotated[
        UUID,
        Field(description="The session's id, which the access token has as `session_id`."),
    ]
    current: Annotated[bool, Field(description="Whether it is the one that asks.")]
    created_at: Annotated[AwareDatetime, Field(alias="createdAt", description="When somebody signed in.")]
    last_used_at: Annotated[
        AwareDatetime,
        Field(alias="lastUsedAt", description="When it was last refreshed, or begun."),
    ]
    user_agent: Annotated[
        str | None,
        Field(
            alias="userAgent",
            description="What the device calls itself, or a summary of it; null where that is not known. It is text, not HTML.",
            max_length=1000,
            pattern="^[^\\u0000-\\u001f]*$",
        ),
    ]
    ip: Annotated[
        str | None,
        Field(
            description="The device's address; null where the service does not pass addresses on (FORWARD_CLIENT_IP).",
            max_length=100,
            pattern="^[0-9A-Za-z.:/%]*$",
        ),
    ]
    aal: Annotated[
        str,
        Field(
            description="How sure it is who that is. `aal2` once a second factor was given; treat any that you do not know as `aal1`.",
            max_length=40,
            min_length=1,
            pattern="^[!-~]+$",
        ),
    ]


class SessionList(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    sessions: Annotated[list[ListedSession], Field(max_length=10000)]


class DeletionResult(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    ok: Literal[True]


class SignUpRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    email: Annotated[
        str,
        Field(
            description="An e-mail address (ASCII, as Supabase Auth takes it). Upper and lower case are the same account.",
            max_length=254,
            min_length=3,
            pattern="^[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64}(\\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]{1,64})*@[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?(\\.[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?)+$",
        ),
    ]
    password: Annotated[
        SecretStr,
        Field(
            description="8 to 72 characters, and no more than 72 bytes in UTF-8 (the limit of bcrypt, which Supabase Auth uses). The project may ask\nfor more: see 422.\n",
            max_length=72,
            min_length=8,
        ),
    ]
    profile: SignUpProfile | None = None
    captcha_token: Annotated[
        str | None,
        Field(
            alias="captchaToken",
            description='What the captcha\'s widget gave, good for one request. Null and "" mean that there is none.',
            max_length=8192,
            pattern="^[!-~]*$",
        ),
    ] = None


class Session(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    access_token: Annotated[
        str,
        Field(
            alias="accessToken",
            description="Send it as `Authorization: Bearer <token>`. Keep it in memory only.",
            max_length=1048576,
            min_length=16,
            pattern="^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$",
        ),
    ]
    expires_in: Annotated[
        int,
        Field(
            alias="expiresIn",
            description="Seconds until the access token expires; the project decides, from minutes to years.",
            ge=0,
            le=2147483647,
        ),
    ]
    user: User
    aal: Annotated[
        str,
        Field(
            description="How sure it is who that is. `aal2` once a second factor was given; treat any that you do not know as `aal1`.",
            max_length=40,
            min_length=1,
            pattern="^[!-~]+$",
        ),
    ]
    mfa: MfaState
    return_to: Annotated[
        str | None,
        Field(
            alias="returnTo",
            description="A path of the front end (with query and fragment, percent-encoded) to go on at: what the start of the flow was given. In\nanswers only where a flow was completed.\n",
            max_length=2048,
            min_length=1,
            pattern="^/([!-.0-\\[\\]-~][!-\\[\\]-~]*)?$",
        ),
    ] = None
    provider_tokens: Annotated[ProviderTokens | None, Field(alias="providerTokens")] = None
    next: Annotated[
        str | None,
        Field(
            description="What the user has to do first; null where nothing is due, and like null where you do not know it. `mfa`: ask for a\ncode of one of `mfa.factors`. `set_password`: ask for a new password (a recovery or an invitation brought the user\nhere). Where both are due `mfa` comes first: remember what the page is for, and ask for the password after it.\n",
            max_length=40,
            min_length=1,
            pattern="^[a-z_]+$",
        ),
    ]


class ErrorBody(DeferredModel):
    """
    The shape of every error, on every path. Each code has a schema of its own below; its `x-status` is the status that it
    comes with.

    """

    model_config = ConfigDict(
        populate_by_name=True,
    )
    code: Annotated[
        str,
        Field(
            description="What went wrong. Stable; switch on it, and treat one that you do not know by its status.",
            max_length=64,
            pattern="^[a-z_]+$",
        ),
    ]
    message: Annotated[
        str,
        Field(
            description="Says in English what went wrong. For developers; it may change.",
            max_length=500,
            min_length=1,
            pattern="^[^\\u0000-\\u001f]+$",
        ),
    ]
    details: Annotated[
        dict[str, Any],
        Field(description="What else is known; its properties depend on the code. Always an object."),
    ]


class UpdateMeRequest(DeferredModel):
    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    profile: ProfileChange


class AuthConfig(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    sign_up: Annotated[bool, Field(alias="signUp", description="Whether the project takes new users.")]
    email_sign_in: Annotated[
        bool,
        Field(
            alias="emailSignIn",
            description="Whether one can sign in by e-mail, with a password, a link or a code.",
        ),
    ]
    email_confirmation: Annotated[
        bool,
        Field(
            alias="emailConfirmation",
            description="Whether a new user has to confirm the address first.",
        ),
    ]
    providers: Annotated[
        list[Provider],
        Field(
            description="The providers to sign in with, as `POST /auth/oauth/start` takes them (google, github and others).",
            max_length=1000,
        ),
    ]
    sso: Annotated[
        bool,
        Field(description="Whether one can sign in by the company's own directory."),
    ]
    anonymous: Annotated[
        bool,
        Field(description="Whether the project has anonymous users. This service opens no session for them."),
    ]
    captcha: CaptchaConfig | None
    password_min_length: Annotated[
        int,
        Field(
            alias="passwordMinLength",
            description="The least length of a new password, in characters.",
            ge=1,
            le=72,
        ),
    ]
    email_change_confirm: Annotated[
        str,
        Field(
            alias="emailChangeConfirm",
            description="Which addresses have to confirm a change of address, the new one or both. Treat any other as `both`.",
            max_length=40,
            min_length=1,
            pattern="^[a-z_]+$",
        ),
    ]
    account_deletion: Annotated[
        bool,
        Field(
            alias="accountDeletion",
            description="Whether users may delete their account.",
        ),
    ]


class VerifyResult(RootModel[Session | EmailChangePending]):
    root: Session | EmailChangePending


class FactorEnrollment(DeferredModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    id: Annotated[UUID, Field(description="The factor's id.")]
    type: Annotated[
        str,
        Field(
            description="What it is. `totp` is an authenticator app, the one kind that works here; pass over any other.",
            max_length=40,
            min_length=1,
            pattern="^[a-z0-9_-]+$",
        ),
    ]
    name: Annotated[
        str | None,
        Field(
            description="The name that the user gave it, to tell it from others; absent where there is none. It is text, not HTML.",
            max_length=1000,
            pattern="^[^\\u0000]*$",
        ),
    ] = None
    totp: TotpEnrollment
