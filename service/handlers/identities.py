"""The ways to sign in that a user has: seeing them, and taking one away. Linking another is a flow, and stands in oauth.py."""

from __future__ import annotations

from uuid import UUID

from service.error_codes import ErrorCode
from service.errors import ApiError
from service.handlers.shared import SecondFactor
from service.models import Identity, IdentityList
from service.reply import Reply
from service.security.access_token import AccessToken
from service.supabase.auth.identities import IdentityCalls, LinkedIdentity
from service.supabase.calls import answer_of_supabase


class IdentityHandlers:
    """Asks Supabase as the user."""

    def __init__(self, *, supabase: IdentityCalls, second_factor: SecondFactor) -> None:
        self._supabase = supabase
        self._second_factor = second_factor

    async def list_identities(self, access_token: AccessToken) -> Reply:
        """The user's ways to sign in."""
        identities = await self._supabase.of(access_token)
        with answer_of_supabase():
            return Reply(IdentityList(identities=[_model(identity) for identity in identities]))

    async def unlink_identity(self, identity_id: UUID, access_token: AccessToken) -> Reply:
        """Take one away. Of somebody else's nobody learns more than that the user has no such identity.

        Supabase says of any id that it is the last one where the user has but one, so the user's own are looked at first.
        """
        await self._second_factor.require_aal2(access_token)
        if str(identity_id) not in {identity.id for identity in await self._supabase.of(access_token)}:
            raise ApiError(ErrorCode.not_found)
        try:
            await self._supabase.unlink(access_token, str(identity_id))
        except ApiError as error:
            raise await self._second_factor.explained(error, access_token) from None
        return Reply(status=204)


def _model(identity: LinkedIdentity) -> Identity:
    """Without what is not known. Raises ValueError where Supabase's does not fit the contract."""
    known = {"email": identity.email, "created_at": identity.created_at, "last_sign_in_at": identity.last_sign_in_at}
    return Identity(
        id=UUID(identity.id),
        provider=identity.provider,
        **{name: value for name, value in known.items() if value is not None},
    )
