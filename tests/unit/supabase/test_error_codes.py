"""Every error code of Supabase Auth is known: it means something here, or what it belongs to is not called."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from service.supabase.call import Call
from service.supabase.error_codes import BY_CALL, DATA_API, MEANINGS, NOT_CALLED, SECURITY_EVENTS

# internal/api/apierrors/errorcode.go of GoTrue 2.196, sorted.
ALL_CODES = Path(__file__).with_name("supabase_auth_error_codes.txt").read_text().split()


def test_every_code_means_something_or_belongs_to_what_is_not_called() -> None:
    known = Counter([*MEANINGS, *(code for codes in NOT_CALLED.values() for code in codes)])
    assert known == Counter(ALL_CODES)


def test_what_a_call_gives_another_meaning_has_one_and_another_one() -> None:
    known = {**MEANINGS, **DATA_API}
    for call, meanings in BY_CALL.items():
        for code, meaning in meanings.items():
            assert known.get(code) is not meaning, (call, code)


def test_every_call_has_a_name_that_no_other_has() -> None:
    assert len({call.value for call in Call}) == len(Call)
    assert set(SECURITY_EVENTS) <= set(MEANINGS)
    assert not set(DATA_API) & set(MEANINGS)
