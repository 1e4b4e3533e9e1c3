-- Needs PostgreSQL. What users ask about their own sessions: Supabase Auth has no endpoint for it.
--
-- The functions run as their owner, because no API role may read auth.sessions, and are called as the user, by anyone who has the
-- user's access token and the project's publishable key: what must hold, holds here. An access token outlives its session by up to
-- an hour, so both ask first whether the session that it names is still there; without one nothing is listed and nothing ended.

create function public.list_own_sessions()
    returns table (
        id uuid,
        created_at timestamptz,
        refreshed_at timestamptz,
        user_agent text,
        ip text,
        aal text,
        not_after timestamptz
    )
    language sql
    stable
    security definer
    set search_path = ''
as $$
    select
        session.id,
        session.created_at,
        -- Auth writes UTC into a column without a time zone, and nothing before the first refresh.
        coalesce(session.refreshed_at at time zone 'utc', session.created_at),
        session.user_agent,
        host(session.ip),
        coalesce(session.aal::text, 'aal1'),
        session.not_after
    from auth.sessions as session
    where session.user_id = auth.uid()
        and (session.not_after is null or session.not_after > now())
        and exists (
            select from auth.sessions as own
            where own.id = (auth.jwt() ->> 'session_id')::uuid
                and own.user_id = auth.uid()
                and (own.not_after is null or own.not_after > now())
        )
    order by 3 desc, 1
$$;

comment on function public.list_own_sessions() is 'The sessions of the caller that are not over, the one used last first.';

create function public.end_own_session(session_id uuid) returns boolean
    language plpgsql
    security definer
    set search_path = ''
as $$
declare
    caller constant uuid := auth.uid();
    own auth.sessions;
begin
    select * into own
    from auth.sessions as session
    where session.id = (auth.jwt() ->> 'session_id')::uuid
        and session.user_id = caller
        and (session.not_after is null or session.not_after > now());
    if not found then
        return false;
    end if;
    -- Whoever has only the password ends no session of somebody who has proved a second factor.
    if end_own_session.session_id <> own.id
        and own.aal::text is distinct from 'aal2'
        and exists (
            select from auth.mfa_factors as factor
            where factor.user_id = caller and factor.status::text = 'verified'
        )
    then
        raise insufficient_privilege using message = 'insufficient_aal';
    end if;
    -- Its refresh tokens go by cascade, and Auth refuses an access token whose session is gone.
    delete from auth.sessions as session
    where session.id = end_own_session.session_id and session.user_id = caller;
    return found;
end;
$$;

comment on function public.end_own_session(uuid) is
    'Ends a session of the caller; false where it is none of the caller''s. Error 42501, insufficient_aal: a second factor is due.';

-- How far a project is, for whoever holds the secret key: each later migration replaces it with its own number.
create function public.latchkey_migration() returns text
    language sql
    immutable
    set search_path = ''
as $$
    select '20260901000100'
$$;

comment on function public.latchkey_migration() is 'The newest migration of Latchkey that was applied.';

-- Named one by one: hosted projects grant new functions to all three API roles, and PostgreSQL to everybody.
revoke all on function public.list_own_sessions(), public.end_own_session(uuid), public.latchkey_migration()
    from public, anon, authenticated, service_role;
grant execute on function public.list_own_sessions(), public.end_own_session(uuid) to authenticated;
grant execute on function public.latchkey_migration() to service_role;
