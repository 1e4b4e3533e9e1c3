"""`.env.example` and the settings class say the same."""

import re
from pathlib import Path

import pytest
from pydantic import SecretStr

from service.settings import Settings

EXAMPLE = Path(__file__).resolve().parents[1] / ".env.example"
LINE = re.compile(r"^#(=?)([A-Z][A-Z_]+)=(.*)$", re.MULTILINE)
# These hang on other settings; the text beside them says how.
DERIVED = {"CORS_ORIGINS", "COOKIE_SECURE", "COOKIE_HOST_PREFIX", "SWAGGER_UI", "VALIDATE_RESPONSES", "SUPABASE_JWT_ISSUER"}

documented = {name: (example == "=", value) for example, name, value in LINE.findall(EXAMPLE.read_text())}
fields = {name.upper(): field for name, field in Settings.model_fields.items()}


def test_every_setting_is_documented_and_nothing_else() -> None:
    assert documented.keys() == fields.keys()


@pytest.mark.parametrize("name", fields)
def test_the_documented_default_is_the_default(name: str) -> None:
    is_example, value = documented[name]
    field = fields[name]
    if is_example:
        assert field.is_required() or field.default in (None, ()) or name in DERIVED
        return
    assert field.default is not None
    assert not isinstance(field.default, SecretStr)
    assert value == (str(field.default).lower() if isinstance(field.default, bool) else str(field.default))


@pytest.mark.parametrize("name", fields)
def test_each_setting_says_why_above_it(name: str) -> None:
    lines = EXAMPLE.read_text().splitlines()
    index = next(i for i, line in enumerate(lines) if re.match(rf"#=?{name}=", line))
    assert any(line.startswith("# ") for line in lines[max(0, index - 3) : index])
