-- What the page of a section asks of the rules, asked once a page (docs/decisions/0027). Functions in PL/pgSQL are not inlined
-- here on purpose: a plan that holds a query costs its start with each statement, also where the query is never run.

-- migrate:up

create function lyceum.led_ids(p_school integer, p_user uuid, p_today boolean) returns uuid[]
    language plpgsql stable
as $$
begin
    return array(
        select d.student_id from lyceum.led_pupils(p_school, p_user) d where upper_inf(d.days) = p_today
    );
end
$$;
comment on function lyceum.led_ids(integer, uuid, boolean) is
    'A3, A4: of lyceum.led_pupils those that the person leads today, or those that it led earlier alone.';

create function lyceum.led_until(p_school integer, p_user uuid, p_section uuid) returns date
    language plpgsql stable
as $$
begin
    return (select v.until from lyceum.led_sections(p_school, p_user) v where v.section_id = p_section);
end
$$;
comment on function lyceum.led_until(integer, uuid, uuid) is 'As lyceum.led_sections, of one section; null when it is none.';

create function lyceum.taught_days(p_school integer, p_user uuid, p_section uuid) returns datemultirange
    language plpgsql stable
as $$
begin
    return (
        select range_agg(daterange(t.starts_on, t.ends_on, '[]'))
        from public.section_teachers t
        where t.school_id = p_school and t.section_id = p_section and t.teacher_id = p_user
    );
end
$$;
comment on function lyceum.taught_days(integer, uuid, uuid) is
    'A4: days on which the person is a teacher of the section, without those as teacher of the day (lyceum.lesson_teachers has both); '
    'null when there are none.';

create view lyceum.section_terms with (security_invoker = true) as
select s.school_id, s.id as section_id, t.id as term_id, t.starts_on, t.ends_on, t.marks_close_on
from public.sections s
join public.groups g on g.school_id = s.school_id and g.id = s.group_id
join public.terms t on t.school_id = s.school_id
    and t.academic_year_id = s.academic_year_id
    and (g.grade_level is null or g.grade_level = any (t.grade_levels));
comment on view lyceum.section_terms is 'Terms of the year of a section that serve its grade level; all of them where it has none.';
grant select on lyceum.section_terms to lyceum_app;

create function lyceum.editable_until(p_date date, p_window smallint, p_marks_close_on date, p_unlocked_until date)
    returns date
    language sql immutable parallel safe
    return greatest(least(p_date + coalesce(p_window, 14::smallint), p_marks_close_on), p_unlocked_until);
comment on function lyceum.editable_until(date, smallint, date, date) is
    'M4: last day on which a lesson is written, from its date, the school''s window, the close of its term and its unlocks. Is inlined.';

create function lyceum.lock_reason(p_state text, p_date date, p_editable_until date, p_today date) returns text
    language sql immutable parallel safe
    return case
        when p_state = 'cancelled' then 'lesson_cancelled'
        when p_date > p_today then 'lesson_in_future'
        when p_today > p_editable_until then 'edit_window_closed'
    end;
comment on function lyceum.lock_reason(text, date, date, date) is 'M4: why a lesson is not written today (null: it is). Is inlined.';

create or replace view lyceum.lesson_locks with (security_invoker = true) as
select
    k.school_id,
    k.lesson_id,
    k.section_id,
    k.date,
    k.editable_until,
    lyceum.lock_reason(k.state, k.date, k.editable_until, k.today) as locked_reason
from (
    select
        l.school_id,
        l.id as lesson_id,
        l.section_id,
        l.date,
        l.state,
        d.today,
        lyceum.editable_until(l.date, ss.edit_window_days, max(t.marks_close_on), max(u.expires_on)) as editable_until
    from public.lessons l
    cross join (select lyceum.today() as today offset 0) d
    left join public.school_settings ss on ss.school_id = l.school_id
    left join lyceum.section_terms t on t.school_id = l.school_id
        and t.section_id = l.section_id
        and t.starts_on <= l.date
        and t.ends_on >= l.date
    left join public.unlocks u on u.school_id = l.school_id
        and u.section_id = l.section_id
        and u.starts_on <= l.date
        and u.ends_on >= l.date
        and u.revoked_at is null
    group by l.school_id, l.id, ss.edit_window_days, d.today
) k;
comment on view lyceum.lesson_locks is
    'M4, of any lessons. The page of a section lays the same two functions on its lessons itself, with terms and unlocks read once.';

-- migrate:down

create or replace view lyceum.lesson_locks with (security_invoker = true) as
select
    k.school_id,
    k.lesson_id,
    k.section_id,
    k.date,
    k.editable_until,
    case
        when k.state = 'cancelled' then 'lesson_cancelled'
        when k.date > (select lyceum.today()) then 'lesson_in_future'
        when (select lyceum.today()) > k.editable_until then 'edit_window_closed'
    end as locked_reason
from (
    select
        l.school_id,
        l.id as lesson_id,
        l.section_id,
        l.date,
        l.state,
        greatest(
            least(l.date + coalesce(ss.edit_window_days, 14), max(t.marks_close_on)), max(u.expires_on)
        ) as editable_until
    from public.lessons l
    join public.sections s on s.school_id = l.school_id and s.id = l.section_id
    join public.groups g on g.school_id = s.school_id and g.id = s.group_id
    left join public.school_settings ss on ss.school_id = l.school_id
    left join public.terms t on t.school_id = s.school_id
        and t.academic_year_id = s.academic_year_id
        and t.starts_on <= l.date
        and t.ends_on >= l.date
        and (g.grade_level is null or g.grade_level = any (t.grade_levels))
    left join public.unlocks u on u.school_id = l.school_id
        and u.section_id = l.section_id
        and u.starts_on <= l.date
        and u.ends_on >= l.date
        and u.revoked_at is null
    group by l.school_id, l.id, ss.edit_window_days
) k;

comment on view lyceum.lesson_locks is
    'M4, for the page of a section: last day on which marks and attendance of a lesson are written, and why not today (null: open).';
drop function lyceum.lock_reason(text, date, date, date);
drop function lyceum.editable_until(date, smallint, date, date);
drop view lyceum.section_terms;
drop function lyceum.taught_days(integer, uuid, uuid);
drop function lyceum.led_until(integer, uuid, uuid);
drop function lyceum.led_ids(integer, uuid, boolean);
