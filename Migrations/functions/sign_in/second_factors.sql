create or replace function lyceum.lacks_second_factor(p_school integer, p_user uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (select from public.school_settings t where t.school_id = p_school and t.second_factor_required)
        and not exists (
            select from public.second_factors f
            where f.school_id = p_school and f.user_id = p_user and f.confirmed_at is not null
        )
        and lyceum.is_staff(p_school, p_user);
end
$$;
comment on function lyceum.lacks_second_factor(integer, uuid) is
    'Whether the school requires a second factor of the person and there is none.';

-- A5: that recovery codes were made or used, without the codes.
create or replace function lyceum.audit_recovery_code() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if lyceum.current_school() is not null then
        perform lyceum.record_audit('use', 'recovery_codes', new.user_id);
    end if;
    return null;
end
$$;
revoke execute on function lyceum.audit_recovery_code() from public;

create or replace trigger audit after update on recovery_codes
    for each row when (old.used_at is null and new.used_at is not null)
    execute function lyceum.audit_recovery_code();

create or replace function lyceum.audit_recovery_codes() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if lyceum.current_school() is not null then
        perform lyceum.record_audit('insert', 'recovery_codes', w.user_id) from (select distinct n.user_id from written n) w;
    end if;
    return null;
end
$$;
revoke execute on function lyceum.audit_recovery_codes() from public;

create or replace trigger audit_new after insert on recovery_codes
    referencing new table as written
    for each statement execute function lyceum.audit_recovery_codes();
