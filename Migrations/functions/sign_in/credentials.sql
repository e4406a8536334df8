create or replace function lyceum.record_issue_to_family() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if not lyceum.is_staff(new.school_id, new.user_id)
        or not exists (select from lyceum.seen_students(new.school_id, new.user_id)) then
        return null;
    end if;
    if new.issued_by is not null and coalesce(new.reason, '') !~ '\S' then
        raise exception using
            errcode = 'LYA10', message = 'validation_failed', detail = 'A2: credentials of staff with children here need a reason.';
    end if;
    perform lyceum.record_audit('credentials.issued_to_family', 'users', new.user_id);
    return null;
end
$$;
comment on function lyceum.record_issue_to_family() is
    'A2: an administrator could make a parent or a student staff in order to issue their credentials. Such an issue has a '
    'reason and a row of its own in the audit log.';
revoke execute on function lyceum.record_issue_to_family() from public;

create or replace trigger family after insert on activation_codes
    for each row execute function lyceum.record_issue_to_family();
