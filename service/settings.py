"""The settings that the service starts with: whatever is wrong with them is told at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

from pydantic import ModelWrapValidatorHandler, PrivateAttr, ValidationError, model_validator
from pydantic_core import ErrorDetails, InitErrorDetails, PydanticCustomError

from service.settings_policy import problems
from service.settings_surroundings import variables
from service.settings_text import trimmed_names, without_blank_values
from service.settings_values import SettingsValues


class Settings(SettingsValues):
    """Everything that can be configured, from the environment and `.env`.

    Raises `pydantic.ValidationError` when a value is malformed, when values contradict each other, and, with
    APP_ENV=production, when they are unsafe; the error names every problem with its cure.
    """

    _trimmed: list[str] = PrivateAttr(default_factory=list)

    @property
    def trimmed(self) -> list[str]:
        """The variables whose values came with blanks or line ends around them, which are gone."""
        return self._trimmed

    @model_validator(mode="wrap")
    @classmethod
    def _consistent(cls, data: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:  # noqa: ANN401 - pydantic's
        """All problems at once: what is missing or malformed does not hide what is unsafe."""
        values = without_blank_values(data)
        errors: list[ErrorDetails] = []
        try:
            settings = handler(values)
        except ValidationError as error:
            errors = error.errors(include_url=False, include_input=False)
            settings = handler(_repaired(values, errors))
        found = list(problems(settings))
        if not errors and not found:
            settings.trimmed.extend(_as_written(name).upper() for name in trimmed_names(values))
            return settings
        told = [(str(error["loc"][0]) if error["loc"] else "", _MESSAGES.get(error["type"], error["msg"])) for error in errors]
        raise ValidationError.from_exception_data(
            cls.__name__,
            [_line(_as_written(name), problem) for name, problem in [*told, *found]],
            hide_input=True,
        )


# What stands in for a required value while the others are checked. It meets no rule below.
_STAND_INS: Mapping[str, str] = {
    "supabase_url": "https://stand-in.supabase.co",
    "frontend_url": "https://stand-in.supabase.co",
    "supabase_publishable_key": "sb_publishable_stand_in",
    "supabase_secret_key": "sb_secret_stand_in",
    "signing_secrets": "0123456789abcdefghijklmnopqrstuvwxyz",
}
_OLDER_NAMES: Mapping[str, str] = {
    "signing_secrets": "csrf_secrets",
    "supabase_publishable_key": "supabase_anon_key",
    "supabase_secret_key": "supabase_service_role_key",
}
_MESSAGES = {"missing": "is not set, and has no default"}


def _repaired(data: Mapping[str, Any], errors: Sequence[ErrorDetails]) -> dict[str, Any]:
    """The values without the refused ones: the default in their place, or a stand-in for what has none."""
    refused = {str(error["loc"][0]) for error in errors if error["loc"]}
    stand_ins = {name: value for name, value in _STAND_INS.items() if name in refused}
    return {name: value for name, value in data.items() if name not in refused} | stand_ins


def _as_written(name: str) -> str:
    """A setting by the one of its names that was used."""
    older, written = _OLDER_NAMES.get(name), variables()
    return older if older is not None and older.upper() in written and name.upper() not in written else name


def _line(name: str, message: str) -> InitErrorDetails:
    # In two steps, because a message may hold braces, which this class would read as its own.
    return {"type": PydanticCustomError("setting", "{message}", {"message": message}), "loc": (name,), "input": None}
