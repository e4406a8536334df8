-- Working days of the school (C4): the days of the school week, without holidays of the whole school.

create or replace function lyceum.is_working_day(p_school integer, p_day date) returns boolean
    language plpgsql stable
as $$
begin
    return extract(isodow from p_day) <= case
        when exists (
            select from public.school_settings t where t.school_id = p_school and cardinality(t.six_day_grade_levels) > 0
        ) then 6
        else 5
    end and not exists (
        select from public.holidays h
        where h.school_id = p_school and h.grade_levels is null and p_day between h.starts_on and h.ends_on
    );
end
$$;
comment on function lyceum.is_working_day(integer, date) is
    'Whether the day belongs to the school week (Monday to Friday, or Saturday if some grade level has six days) and is no holiday of all '
    'grade levels.';

create or replace function lyceum.working_days(p_school integer, p_after date, p_until date) returns integer
    language plpgsql stable
as $$
begin
    return (
        select count(*) filter (where lyceum.is_working_day(p_school, p_after + n))
        from generate_series(1, p_until - p_after) n
    );
end
$$;
comment on function lyceum.working_days(integer, date, date) is
    'The number of working days after the first day, up to the second. The day of a question does not count.';

create or replace function lyceum.working_day(p_school integer, p_day date, p_count integer) returns date
    language plpgsql stable
as $$
declare
    v_day date := p_day;
    v_left integer := abs(p_count);
begin
    -- A year of holidays would be a mistake of the calendar.
    while v_left > 0 and abs(v_day - p_day) < 366 loop
        v_day := v_day + sign(p_count)::integer;
        v_left := v_left - lyceum.is_working_day(p_school, v_day)::integer;
    end loop;
    return v_day;
end
$$;
comment on function lyceum.working_day(integer, date, integer) is
    'The working day that comes so many working days after the day; before it, if the number is negative.';

create or replace function lyceum.overdue_before(p_school integer) returns timestamptz
    language plpgsql stable
as $$
begin
    return lyceum.working_day(
        p_school, lyceum.today(),
        -coalesce((select t.consultation_days from public.school_settings t where t.school_id = p_school), 3)
    )::timestamp at time zone coalesce(nullif(current_setting('lyceum.time_zone', true), ''), 'UTC');
end
$$;
comment on function lyceum.overdue_before(integer) is
    'C4: what was asked before this moment, and still waits, is overdue today: the beginning of the day that lies as many working days '
    'back as the norm has.';
