"""The account of who is signed in."""

from __future__ import annotations

from uuid import UUID

from service.models import Me, Profile, UserWithProfile
from service.reply import Reply
from service.security.access_token import AccessToken
from service.supabase.calls import answer_of_supabase
from service.supabase.project import Supabase


class AccountHandlers:
    """Asks Supabase as the user."""

    def __init__(self, *, supabase: Supabase) -> None:
        self._supabase = supabase

    async def get_me(self, access_token: AccessToken) -> Reply:
        """The signed-in user with the profile."""
        user = await self._supabase.as_user(access_token).get_user()
        with answer_of_supabase():
            profile = Profile(display_name=user.display_name)
            return Reply(Me(user=UserWithProfile(id=UUID(user.user_id), email=user.email, profile=profile)))
