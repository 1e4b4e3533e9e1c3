"""Signs up, signs in and calls me through the client that openapi-python-client generates."""

import os
import pkgutil
import secrets
from importlib import import_module

import latchkey_client
from latchkey_client import AuthenticatedClient, Client
from latchkey_client.api.account import get_me, sign_up
from latchkey_client.api.csrf import get_csrf_token
from latchkey_client.api.session import sign_in
from latchkey_client.models import (
    AuthInvalidCredentials,
    CsrfTokenResult,
    Me,
    Session,
    SignInRequest,
    SignUpProfileType0,
    SignUpRequest,
    SignUpResult,
)

for module in pkgutil.walk_packages(latchkey_client.__path__, "latchkey_client."):
    import_module(module.name)

service = os.environ["LATCHKEY_URL"]
email, password = f"generated-{secrets.token_hex(8)}@example.com", "correct horse battery staple"

anonymous = Client(base_url=service)
csrf = get_csrf_token.sync_detailed(client=anonymous)
assert isinstance(csrf.parsed, CsrfTokenResult)
cookies = dict(anonymous.get_httpx_client().cookies)

browser = AuthenticatedClient(
    base_url=service, cookies=cookies, token=csrf.parsed.csrf_token, prefix="", auth_header_name="X-CSRF-Token"
)
profile = SignUpProfileType0(display_name="Ada Lovelace")
created = sign_up.sync(client=browser, body=SignUpRequest(email=email, password=password, profile=profile))
assert isinstance(created, SignUpResult), created
refused = sign_in.sync(client=browser, body=SignInRequest(email=email, password="wrong"))
assert isinstance(refused, AuthInvalidCredentials), refused
session = sign_in.sync(client=browser, body=SignInRequest(email=email, password=password))
assert isinstance(session, Session), session
me = get_me.sync(client=AuthenticatedClient(base_url=service, token=session.access_token))
assert isinstance(me, Me), me
assert (me.user.email, me.user.profile.display_name) == (email, "Ada Lovelace")
print("signed up, signed in, called me")
