"""Generated from openapi/auth.yaml by `make generate`. Do not edit."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, SecretStr


class SignUpProfile(BaseModel):
    """
    What is kept in the profile row.
    """

    model_config = ConfigDict(
        extra="forbid",
        populate_by_name=True,
    )
    display_name: Annotated[
        str | None,
        Field(
            alias="displayName",
            description="The name to show, as the user wrote it. It is text, not HTML. One line, no control characters.",
            max_length=100,
            min_length=1,
            pattern="^[^\\u0000-\\u001f\\u007f-\\u009f\\u2027-\\u202a]+$",
        ),
    ] = None


class SignInRequest(BaseModel):
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
            description="The password, as the user typed it.",
            max_length=256,
            min_length=1,
        ),
    ]


class CsrfTokenResult(BaseModel):
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


class User(BaseModel):
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


class SignUpResult(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    user: User


class Session(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    access_token: Annotated[
        str,
        Field(
            alias="accessToken",
            description="Send it as `Authorization: Bearer <token>`. Keep it in memory only.",
            max_length=8192,
            min_length=16,
            pattern="^[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+\\.[A-Za-z0-9_-]+$",
        ),
    ]
    expires_in: Annotated[
        int,
        Field(
            alias="expiresIn",
            description="Seconds until the access token expires.",
            ge=0,
            le=604800,
        ),
    ]
    user: User


class Profile(BaseModel):
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


class UserWithProfile(BaseModel):
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


class Me(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    user: UserWithProfile


class LogoutResult(BaseModel):
    model_config = ConfigDict(
        populate_by_name=True,
    )
    ok: Literal[True]


class SignUpRequest(BaseModel):
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


class ErrorBody(BaseModel):
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
