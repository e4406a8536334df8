-- What a diary and a journal ask for most (docs/decisions/0027).

-- migrate:up

-- An id belongs to one school. Without this the planner takes the two for independent of each other: among ten schools it
-- expects a tenth of a pupil's marks, reads all that the pupil ever got and throws most of them away.
create statistics marks_school (dependencies) on school_id, student_id from marks;
create statistics attendance_school (dependencies) on school_id, student_id from attendance;
create statistics feedback_school (dependencies) on school_id, student_id from feedback;
create statistics final_marks_school (dependencies) on school_id, student_id from final_marks;
create statistics group_members_school (dependencies) on school_id, student_id from group_members;
create statistics lessons_school (dependencies) on school_id, section_id from lessons;
analyze marks, attendance, feedback, final_marks, group_members, lessons;

-- With the id at its end, the index alone answers which lessons a page has, in their order.
drop index lessons_by_section;
create index lessons_by_section on lessons (school_id, section_id, date, starts_at, id);

-- Terms and unlocks are joined to all lessons of a page at once, and today is asked for once.
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

-- Numbers of the usual scale are ready JSON: text that has to be parsed as JSON costs more than the rest of a mark.
create or replace function lyceum.mark_value(p_kind text, p_number smallint, p_code text, p_due_on date) returns json
    language sql stable parallel safe
    return case p_kind
        when 'number' then
            case p_number
                when 5 then json '{"kind":"number","number":5}'
                when 4 then json '{"kind":"number","number":4}'
                when 3 then json '{"kind":"number","number":3}'
                when 2 then json '{"kind":"number","number":2}'
                else ('{"kind":"number","number":' || p_number || '}')::json
            end
        when 'code' then
            ('{"kind":"code","code":"' || p_code || case when p_due_on is null then '"}' else '","due_on":"' || p_due_on || '"}' end)::json
    end;

-- migrate:down

create or replace function lyceum.mark_value(p_kind text, p_number smallint, p_code text, p_due_on date) returns json
    language sql stable parallel safe
    return case p_kind
        when 'number' then ('{"kind":"number","number":' || p_number || '}')::json
        when 'code' then
            ('{"kind":"code","code":"' || p_code || case when p_due_on is null then '"}' else '","due_on":"' || p_due_on || '"}' end)::json
    end;

create or replace view lyceum.lesson_locks with (security_invoker = true) as
select
    l.school_id,
    l.id as lesson_id,
    l.section_id,
    l.date,
    w.editable_until,
    case
        when l.state = 'cancelled' then 'lesson_cancelled'
        when l.date > lyceum.today() then 'lesson_in_future'
        when lyceum.today() > w.editable_until then 'edit_window_closed'
    end as locked_reason
from public.lessons l
join public.sections s on s.school_id = l.school_id and s.id = l.section_id
join public.groups g on g.school_id = s.school_id and g.id = s.group_id
left join public.school_settings ss on ss.school_id = l.school_id
left join lateral (
    select max(t.marks_close_on) as marks_close_on
    from public.terms t
    where t.school_id = s.school_id
        and t.academic_year_id = s.academic_year_id
        and t.starts_on <= l.date
        and t.ends_on >= l.date
        and (g.grade_level is null or g.grade_level = any (t.grade_levels))
) t on true
left join lateral (
    select max(u.expires_on) as expires_on
    from public.unlocks u
    where u.school_id = l.school_id
        and u.section_id = l.section_id
        and u.starts_on <= l.date
        and u.ends_on >= l.date
        and u.revoked_at is null
) u on true
cross join lateral (
    select greatest(least(l.date + coalesce(ss.edit_window_days, 14), t.marks_close_on), u.expires_on) as editable_until
) w;

drop index lessons_by_section;
create index lessons_by_section on lessons (school_id, section_id, date, starts_at);

drop statistics lessons_school;
drop statistics group_members_school;
drop statistics final_marks_school;
drop statistics feedback_school;
drop statistics attendance_school;
drop statistics marks_school;
