-- M12: nothing is written when the time of publication comes, so background work writes to the log then.
create or replace function lyceum.publish_later() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.pending (school_id, kind, id, due_at)
    values (new.school_id, 'publish_' || tg_table_name, new.id, new.published_at)
    on conflict (school_id, kind, id) do update
    set due_at = excluded.due_at, lease = null, attempts = 0, failure = null, parked_at = null;
    return null;
end
$$;
revoke execute on function lyceum.publish_later() from public;

create or replace function lyceum.publish(p_table text, p_id uuid) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_limit integer := 1000;
    v_ids uuid[];
begin
    with due as materialized (
        select p.id
        from public.pending p
        where p.school_id = lyceum.current_school() and p.kind = 'publish_' || p_table
            and p.due_at <= now() and p.parked_at is null and p.lease is null
        limit v_limit
        for update skip locked
    ),
    done as (
        delete from public.pending p
        using due d
        where p.school_id = lyceum.current_school() and p.kind = 'publish_' || p_table and p.id = d.id
        returning p.id
    )
    select array_agg(d.id) into v_ids from done d;
    execute format('select lyceum.%I($1)', 'publish_' || p_table) using v_ids || p_id;
    return coalesce(cardinality(v_ids), 0) < v_limit;
end
$$;
comment on function lyceum.publish(text, uuid) is
    'M12: logs that the row became visible to families, and does the same for other rows whose piece of work is due. It leaves out rows '
    'that were written after their publication, because that write has logged them, and rows that are held back again. Returns whether '
    'no due piece is left.';
revoke execute on function lyceum.publish(text, uuid) from public;
grant execute on function lyceum.publish(text, uuid) to lyceum_app;
