"""Signs up, signs in and calls me through the client that openapi-generator generates for Python."""

import os
import secrets

import latchkey_generated as api
from latchkey_generated.exceptions import ApiException

email, password = f"generated-{secrets.token_hex(8)}@example.com", "correct horse battery staple"
configuration = api.Configuration(host=os.environ["LATCHKEY_URL"])

with api.ApiClient(configuration) as client:
    csrf = api.CSRFApi(client).get_csrf_token_with_http_info()
    client.cookie = csrf.headers["set-cookie"].partition(";")[0]  # urllib3 keeps no cookies
    configuration.api_key["csrfToken"] = csrf.data.csrf_token

    profile = api.SignUpProfile(display_name="Ada Lovelace")
    api.AccountApi(client).sign_up(api.SignUpRequest(email=email, password=password, profile=profile))
    error = None
    try:
        api.SessionApi(client).sign_in(api.SignInRequest(email=email, password="wrong"))
    except ApiException as refused:
        error = refused.data
    assert isinstance(error, api.AuthInvalidCredentials), error
    session = api.SessionApi(client).sign_in(api.SignInRequest(email=email, password=password))
    configuration.access_token = session.access_token
    me = api.AccountApi(client).get_me()
    assert (me.user.email, me.user.profile.display_name) == (email, "Ada Lovelace")
print("signed up, signed in, called me")
