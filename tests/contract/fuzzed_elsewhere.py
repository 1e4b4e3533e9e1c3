"""What Schemathesis cannot make succeed on the embedded Supabase. Here, as to import Schemathesis takes a second."""

from __future__ import annotations

# What the embedded Supabase has not. Fuzzed on the one that was recorded, by tests/contract/test_contract.py.
NOT_THERE = frozenset(
    {
        "POST /auth/mfa/factors",
        "DELETE /auth/mfa/factors/{factorId}",
        "POST /auth/mfa/verify",
        "GET /auth/sessions",
        "DELETE /auth/sessions/{sessionId}",
        "POST /auth/account/deletion",
    }
)
# What no valid body succeeds with by chance. Tried in tests/handlers/oauth/test_start_sso.py, on the answer that Supabase Auth
# documents, as no directory could be recorded; and in tests/handlers/identities, on recorded answers.
NEEDS_MORE = frozenset({"POST /auth/sso/start", "DELETE /auth/identities/{identityId}"})
FUZZED_ELSEWHERE = "LATCHKEY_FUZZ_EVERYTHING"
"""An environment variable: where it is set, nothing is missing."""
