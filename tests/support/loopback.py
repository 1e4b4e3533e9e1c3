"""Requests to 127.0.0.1 without what only other hosts need: a proxy, and a trust store, which takes 50 ms to load."""

import ssl
from functools import partial

import httpx

TRUST_NOBODY = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""An empty trust store: tests speak plain HTTP on loopback."""

get = partial(httpx.get, trust_env=False, verify=TRUST_NOBODY)
options = partial(httpx.options, trust_env=False, verify=TRUST_NOBODY)
post = partial(httpx.post, trust_env=False, verify=TRUST_NOBODY)
put = partial(httpx.put, trust_env=False, verify=TRUST_NOBODY)
request = partial(httpx.request, trust_env=False, verify=TRUST_NOBODY)
