create or replace view lyceum.lesson_teachers with (security_invoker = true) as
select l.school_id, l.id as lesson_id, l.section_id, l.date, l.teacher_id
from public.lessons l
where l.teacher_id is not null
union all
select l.school_id, l.id, l.section_id, l.date, t.teacher_id
from public.lessons l
join public.section_teachers t on t.school_id = l.school_id
    and t.section_id = l.section_id
    and lyceum.holds(t.starts_on, t.ends_on, l.date);
comment on view lyceum.lesson_teachers is
    'A4: who may write at a lesson: the teachers of its section on its date, and the teacher of the day. A person may '
    'appear twice.';
grant select on lyceum.lesson_teachers to lyceum_app;

create or replace function lyceum.teaches_lesson(p_school integer, p_user uuid, p_lesson uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from lyceum.lesson_teachers t
        where t.school_id = p_school
            and t.lesson_id = p_lesson
            and t.teacher_id = p_user
    );
end
$$;
comment on function lyceum.teaches_lesson(integer, uuid, uuid) is
    'A4: whether the person may write at the lesson, as a teacher of its section on its date or as the teacher of the '
    'day.';

create or replace function lyceum.taught_days(p_school integer, p_user uuid, p_section uuid) returns datemultirange
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
    'A4: days on which the person is a teacher of the section; null when there are none. Days as teacher of the day '
    'are not included (lyceum.lesson_teachers has both).';
