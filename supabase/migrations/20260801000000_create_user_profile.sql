-- One profile per user. The row is made by the database in the transaction that makes the user, so that neither
-- exists without the other, whichever way the user came in: this service, another client, or the dashboard.

create table public.user_profile (
    id uuid primary key references auth.users (id) on delete cascade,
    display_name text constraint user_profile_display_name_length check (length(display_name) between 1 and 100),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);

comment on table public.user_profile is 'What a user shows of themselves; made and removed together with auth.users.';

-- Users read and change their own row. Making and removing rows is the trigger's and the cascade's business.
alter table public.user_profile enable row level security;

-- The sub-select makes PostgreSQL ask for the caller once per statement instead of once per row.
create policy "Users read their own profile"
    on public.user_profile for select to authenticated
    using ((select auth.uid()) = id);

create policy "Users update their own profile"
    on public.user_profile for update to authenticated
    using ((select auth.uid()) = id)
    with check ((select auth.uid()) = id);

-- What the policies filter must be reachable first: projects no longer grant new tables to the API roles by themselves.
-- `anon` gets nothing. Where a project grants it more by default, no policy lets it through.
grant select, update on table public.user_profile to authenticated;
grant select, insert, update, delete on table public.user_profile to service_role;

-- Both times are the database's to say, whatever a user sends in an update.
create function public.touch_user_profile() returns trigger
    language plpgsql
    set search_path = ''
as $$
begin
    new.created_at = old.created_at;
    new.updated_at = now();
    return new;
end;
$$;

create trigger user_profile_touched
    before update on public.user_profile
    for each row execute function public.touch_user_profile();

-- Runs as its owner, because the role that inserts users has no right on this table; the empty search path keeps
-- such a function from being led to somebody else's objects. Returning `trigger`, it can be called by a trigger only.
create function public.create_user_profile() returns trigger
    language plpgsql
    security definer
    set search_path = ''
as $$
begin
    insert into public.user_profile (id, display_name)
    values (new.id, nullif(new.raw_user_meta_data ->> 'display_name', ''));
    return new;
end;
$$;

create trigger user_profile_created
    after insert on auth.users
    for each row execute function public.create_user_profile();

-- Users from before this migration. Their names were never checked, so one that is too long is cut, not refused.
insert into public.user_profile (id, display_name)
select id, nullif(substr(raw_user_meta_data ->> 'display_name', 1, 100), '')
from auth.users;
