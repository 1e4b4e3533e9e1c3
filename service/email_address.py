"""When two ways of writing an e-mail address are one account's."""

from __future__ import annotations


def folded(address: str) -> str:
    """The address in lower case, as Supabase Auth does it (Go's strings.ToLower): letter by letter, one for one.

    Python's lower() differs for a few letters. Who counts guesses by it would count the same account under several names.
    """
    return address.lower() if address.isascii() else "".join(character.lower()[0] for character in address)
