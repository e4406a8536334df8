create or replace function lyceum.record_deletion() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.deletions as d (school_id, entity, id, shown_in)
    values (
        old.school_id, tg_table_name, old.id,
        array(select (to_jsonb(old) ->> a.name)::uuid from unnest(tg_argv) as a(name))
    )
    on conflict (school_id, entity, id) do update
    set shown_in = excluded.shown_in, changed_at = now(), changed_xid = pg_current_xact_id();
    return null;
end
$$;
comment on function lyceum.record_deletion() is
    'Its arguments are the columns with the rows whose answers show the deleted one.';
revoke execute on function lyceum.record_deletion() from public;
