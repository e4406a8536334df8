-- Changes that a new day brings without a write: enrollments, memberships, guardianships, consents and posts of teachers begin and end.

create or replace function lyceum.log_day() returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_school integer := lyceum.current_school();
    v_today date := lyceum.today();
    v_last date;
begin
    insert into lyceum.change_days (school_id, day) values (v_school, v_today) on conflict (school_id) do nothing;
    select d.day into strict v_last from lyceum.change_days d where d.school_id = v_school for update;
    if v_last >= v_today then
        return false;
    end if;
    -- functions/base/changes.sql declares what these rows concern.
    perform
        lyceum.log_days_enrollments(v_last, v_today), lyceum.log_days_group_members(v_last, v_today),
        lyceum.log_days_class_teachers(v_last, v_today), lyceum.log_days_section_teachers(v_last, v_today),
        lyceum.log_days_guardianships(v_last, v_today), lyceum.log_days_consents(v_last, v_today);
    update lyceum.change_days d set day = v_today where d.school_id = v_school;
    return true;
end
$$;
comment on function lyceum.log_day() is
    'Once a day for each school: logs the rows that look different, or are seen by others, because a new day has begun. Returns whether '
    'it was a new day.';
revoke execute on function lyceum.log_day() from public;
grant execute on function lyceum.log_day() to lyceum_app;
