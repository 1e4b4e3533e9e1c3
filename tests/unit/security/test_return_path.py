"""A path to go on at is the front end's own, however often it is decoded on its way there."""

from __future__ import annotations

import pytest

from service.security.return_path import is_own_path

OWN = [
    "/", "/notes", "/a/b?x=//y#//z", "/a//b", "/a/", "/%41", "/caf%C3%A9", "/a%20b", "/@me", "/a:b", "/.well-known/x", "/...",
    "/open/https%3A%2F%2Fexample.com", "/a?next=%2F%2Fexample.com", "/#//example.com", "/%25", "/100%",
]  # fmt: skip
OTHER = [
    "", "notes", "//e", "///e", "/\\e", "\\/e", "\\\\e", "/%2Fe", "/%2f%2fe", "/%5Ce", "/%5c/e", "/%255Ce", "/%25255c/e",
    "/%2525252525252525252525252Fe", "/./e", "/../e", "/.", "/..", "/a/..", "/.//e", "/..//e", "/%2e//e", "/%2e%2E//e",
    "/a/..//e", "/a/%2e%2e//e", "/.%2f/e", "/\t/e", "/\n/e", "/\0/e", "/%09/e", "/%0a%0d/e", "/a%0d%0ab", "/%00", "/%7f",
    "/ /e", "/%20/e", "/%20%20%2fe", "/%ff", "/%EF%BF%BD", " /a", "%2F/e", "?/a", "#/a",
]  # fmt: skip


@pytest.mark.parametrize("path", OWN)
def test_it_stays_with_the_front_end(path: str) -> None:
    assert is_own_path(path)


@pytest.mark.parametrize("path", OTHER)
def test_it_could_be_taken_for_another_host_or_does_harm_on_the_way(path: str) -> None:
    assert not is_own_path(path)
