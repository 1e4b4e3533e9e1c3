"""The stateful tests sign in with what they registered."""

import schemathesis

from tests.contract import link_bodies
from tests.support.service import ROOT


def test_sign_in_follows_sign_up_with_the_same_address_and_password() -> None:
    schema = schemathesis.openapi.from_path(ROOT / "openapi" / "auth.yaml")
    links = schema.raw_schema["paths"]["/auth/signup"]["post"]["responses"]["200"]["links"]
    assert links["signIn"]["requestBody"] == link_bodies.SIGN_IN_AFTER_SIGN_UP
