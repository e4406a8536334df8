create or replace view lyceum.section_terms with (security_invoker = true) as
select s.school_id, s.id as section_id, t.id as term_id, t.starts_on, t.ends_on, t.marks_close_on
from public.sections s
join public.groups g on g.school_id = s.school_id and g.id = s.group_id
join public.terms t on t.school_id = s.school_id
    and t.academic_year_id = s.academic_year_id
    and (g.grade_level is null or g.grade_level = any (t.grade_levels));
comment on view lyceum.section_terms is
    'Terms of a section''s year that serve the grade level of its group; all terms if the group has no grade level.';
grant select on lyceum.section_terms to lyceum_app;

create or replace function lyceum.editable_until(p_date date, p_window smallint, p_marks_close_on date, p_unlocked_until date)
    returns date
    language sql immutable parallel safe
    return greatest(least(p_date + coalesce(p_window, 14::smallint), p_marks_close_on), p_unlocked_until);
comment on function lyceum.editable_until(date, smallint, date, date) is
    'M4: the last day on which a lesson may be edited, from its date, the school''s edit window, the close of its '
    'term and its unlocks. Inlined.';

create or replace function lyceum.lock_reason(p_state text, p_date date, p_editable_until date, p_today date) returns text
    language sql immutable parallel safe
    return case
        when p_state = 'cancelled' then 'lesson_cancelled'
        when p_date > p_today then 'lesson_in_future'
        when p_today > p_editable_until then 'edit_window_closed'
    end;
comment on function lyceum.lock_reason(text, date, date, date) is
    'M4: why a lesson may not be edited today; null when it may. Inlined.';

-- M4 for the records of a lesson
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
    'M4 for any lessons. The journal of a section applies the same two functions to its lessons itself and reads '
    'terms and unlocks once.';
grant select on lyceum.lesson_locks to lyceum_app;

create or replace function lyceum.lesson_locked_reason(p_school integer, p_lesson uuid) returns text
    language plpgsql stable
as $$
begin
    return (select k.locked_reason from lyceum.lesson_locks k where k.school_id = p_school and k.lesson_id = p_lesson);
end
$$;
comment on function lyceum.lesson_locked_reason(integer, uuid) is
    'M4: lesson_cancelled, lesson_in_future, edit_window_closed, or null when marks and attendance may be written '
    'today.';

create or replace function lyceum.lesson_editable_until(p_school integer, p_lesson uuid) returns date
    language plpgsql stable
as $$
begin
    return (select k.editable_until from lyceum.lesson_locks k where k.school_id = p_school and k.lesson_id = p_lesson);
end
$$;
comment on function lyceum.lesson_editable_until(integer, uuid) is
    'M4: the last day on which marks and attendance of the lesson may be written. It may lie in the past.';

create or replace function lyceum.lesson_refusal(p_school integer, p_lesson uuid) returns text
    language plpgsql stable
as $$
declare
    v_section uuid;
    v_date date;
    v_marks_close_on date;
begin
    select l.section_id, l.date, max(t.marks_close_on)
    into v_section, v_date, v_marks_close_on
    from public.lessons l
    join public.sections s on s.school_id = l.school_id and s.id = l.section_id
    join public.groups g on g.school_id = s.school_id and g.id = s.group_id
    left join public.terms t
        on t.school_id = s.school_id
        and t.academic_year_id = s.academic_year_id
        and t.starts_on <= l.date
        and t.ends_on >= l.date
        and (g.grade_level is null or g.grade_level = any (t.grade_levels))
    where l.school_id = p_school and l.id = p_lesson
    group by l.section_id, l.date;

    if not found then
        return 'not_found';
    end if;
    if lyceum.today() > v_marks_close_on and not lyceum.unlocked(p_school, v_section, v_date) then
        return 'edit_window_closed';
    end if;
    return null;
end
$$;
comment on function lyceum.lesson_refusal(integer, uuid) is
    'M4 for topic, state and homework: edit_window_closed after the term''s marks_close_on without an unlock; null '
    'when they may be edited.';
