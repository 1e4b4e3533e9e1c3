-- For tables of your own: whoever has a second factor has to have given it (docs/operations.md). No migration: copy it into one of
-- yours, once the function, and the policy for each table.
--
-- A function, because a policy runs with the rights of who asks, and no API role may read auth.mfa_factors.
create function public.second_factor_given() returns boolean
    language sql
    stable
    security definer
    set search_path = ''
as $$
    select coalesce(auth.jwt() ->> 'aal' = 'aal2', false)
        or not exists (
            select from auth.mfa_factors as factor
            where factor.user_id = auth.uid() and factor.status::text = 'verified'
        )
$$;

revoke all on function public.second_factor_given() from public, anon;
grant execute on function public.second_factor_given() to authenticated;

-- Restrictive: it takes away from what your other policies allow, and allows nothing by itself. In a select of its own, so that it
-- is asked once for a statement and not for each row.
create policy second_factor_given on public.your_table
    as restrictive
    for all
    to authenticated
    using ((select public.second_factor_given()))
    with check ((select public.second_factor_given()));
