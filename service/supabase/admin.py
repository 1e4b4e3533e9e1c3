"""The data API as whoever holds the secret key: it bypasses row level security. For readiness, and to delete a profile."""

from __future__ import annotations

from typing import TYPE_CHECKING

from postgrest import AsyncPostgrestClient
from postgrest.exceptions import APIError

if TYPE_CHECKING:
    import httpx

# What the data API says about a table that does not exist: PostgreSQL's code, and PostgREST's from its schema cache.
_NO_TABLE = frozenset({"42P01", "PGRST205"})


class AdminClient:
    """One for each process. Its credentials are the secret key's and never change."""

    def __init__(self, http: httpx.AsyncClient, base_url: str, *, secret_key: str) -> None:
        headers = {"apikey": secret_key}
        if not secret_key.startswith("sb_secret_"):
            headers["Authorization"] = f"Bearer {secret_key}"  # older keys are JWTs, and the data API reads the role from them
        self._data = AsyncPostgrestClient(f"{base_url}/rest/v1", headers=headers, http_client=http, retry_enabled=False)

    async def migration_applied(self) -> bool:
        """Whether the profile table exists. Raises what the client raises when the data API does not answer properly."""
        try:
            await self._data.from_("user_profile").select("id,display_name").limit(1).execute()
        except APIError as error:
            if str(error.code) in _NO_TABLE:
                return False
            raise
        return True

    async def newest_migration(self) -> str | None:
        """The number of the newest migration that was applied; None where the project has no function that says so.

        Raises what the client raises when the data API cannot be reached, or is in trouble.
        """
        try:
            answer = await self._data.rpc("latchkey_migration", {}).execute()
        except APIError:
            return None
        if not isinstance(answer.data, str):
            raise ValueError("not the number of a migration")
        return answer.data

    async def delete_profile(self, user_id: str) -> None:
        """Delete a user's profile row, where there is one. Raises what the client raises, and ValueError for nonsense."""
        rows: object = (await self._data.from_("user_profile").delete().eq("id", user_id).execute()).data
        if not isinstance(rows, list) or any(not isinstance(row, dict) or row.get("id") != user_id for row in rows):
            raise ValueError("not the rows that were deleted")
