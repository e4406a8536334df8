create or replace function lyceum.audit() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_old jsonb := '{}';
    v_new jsonb := '{}';
    v_before jsonb;
    v_after jsonb;
    v_row jsonb;
begin
    if tg_op <> 'INSERT' then
        v_old := to_jsonb(old);
    end if;
    if tg_op <> 'DELETE' then
        v_new := to_jsonb(new);
    end if;
    v_row := case tg_op when 'DELETE' then v_old else v_new end;

    select
        jsonb_object_agg(k, case when k = any (tg_argv) then '"hidden"' else v_old -> k end) filter (where v_old ? k),
        jsonb_object_agg(k, case when k = any (tg_argv) then '"hidden"' else v_new -> k end) filter (where v_new ? k)
    into v_before, v_after
    from jsonb_object_keys(v_old || v_new) as k
    where (v_old -> k) is distinct from (v_new -> k)
        and k not in ('school_id', 'version', 'changed_at', 'changed_xid');

    if v_before is null and v_after is null then
        return null;
    end if;

    insert into public.audit_log (school_id, entity, entity_id, action, before, after, changed_by, reason, request_id)
    values (
        (v_row ->> 'school_id')::integer,
        tg_table_name,
        coalesce(v_row ->> 'id', v_row ->> 'user_id')::uuid,
        lower(tg_op),
        v_before,
        v_after,
        nullif(current_setting('lyceum.user_id', true), '')::uuid,
        nullif(current_setting('lyceum.reason', true), ''),
        nullif(current_setting('lyceum.request_id', true), '')
    );
    return null;
end
$$;
comment on function lyceum.audit() is
    'A5: records a change of a row. The arguments are columns whose values are secret.';
revoke execute on function lyceum.audit() from public;

create or replace function lyceum.record_audit(p_action text, p_entity text, p_entity_id uuid, p_details jsonb default null) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
as $$
    insert into public.audit_log (school_id, entity, entity_id, action, after, changed_by, reason, request_id)
    values (
        nullif(current_setting('lyceum.school_id', true), '')::integer,
        p_entity,
        p_entity_id,
        p_action,
        p_details,
        nullif(current_setting('lyceum.user_id', true), '')::uuid,
        nullif(current_setting('lyceum.reason', true), ''),
        nullif(current_setting('lyceum.request_id', true), '')
    );
$$;
comment on function lyceum.record_audit(text, text, uuid, jsonb) is
    'A5, K2: records an action that does not change a row, such as the reading of a profile. School and person are '
    'those of the transaction.';
