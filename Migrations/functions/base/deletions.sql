create or replace function lyceum.record_deletion() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.deletions (school_id, entity, id)
    values (old.school_id, tg_table_name, old.id)
    on conflict (school_id, entity, id) do update set changed_at = now(), changed_xid = pg_current_xact_id();
    return null;
end
$$;
revoke execute on function lyceum.record_deletion() from public;
