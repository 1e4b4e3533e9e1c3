-- Needs PostgreSQL. A profile never stops a sign-up. Whatever a client, a provider or the dashboard puts into the user's metadata,
-- the row is made: text is cleaned of control characters and cut to what the table takes, and anything but text is no name.

create or replace function public.create_user_profile() returns trigger
    language plpgsql
    security definer
    set search_path = ''
as $$
declare
    -- C0, DEL, C1 and the two line separators: what the contract refuses in a name.
    control constant text := '[\u0001-\u001f\u007f-\u009f\u2028\u2029]+';
    given text;
begin
    if jsonb_typeof(new.raw_user_meta_data -> 'display_name') = 'string' then
        given := regexp_replace(new.raw_user_meta_data ->> 'display_name', '^' || control || '|' || control || '$', '', 'g');
        given := nullif(left(regexp_replace(given, control, ' ', 'g'), 100), '');
    end if;
    insert into public.user_profile (id, display_name)
    values (new.id, given)
    on conflict (id) do nothing;
    return new;
end;
$$;
