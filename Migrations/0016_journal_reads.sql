-- A page of a journal asks for the locks and teachers of all its lessons at once: from views, which the planner opens, and
-- not from a function a lesson.

-- migrate:up

create view lyceum.lesson_teachers with (security_invoker = true) as
select l.school_id, l.id as lesson_id, l.section_id, l.date, l.teacher_id
from public.lessons l
where l.teacher_id is not null
union all
select l.school_id, l.id, l.section_id, l.date, t.teacher_id
from public.lessons l
join public.section_teachers t on t.school_id = l.school_id
    and t.section_id = l.section_id
    and t.starts_on <= l.date
    and (t.ends_on is null or t.ends_on >= l.date);
comment on view lyceum.lesson_teachers is
    'A4: who may write at a lesson: the teachers of its section on its date, and the teacher of the day. A person may stand twice.';
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

-- migrate:down

create or replace function lyceum.teaches_lesson(p_school integer, p_user uuid, p_lesson uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.lessons l
        where l.school_id = p_school
            and l.id = p_lesson
            and (
                l.teacher_id = p_user
                or exists (
                    select
                    from public.section_teachers t
                    where t.school_id = p_school
                        and t.section_id = l.section_id
                        and t.teacher_id = p_user
                        and t.starts_on <= l.date
                        and (t.ends_on is null or t.ends_on >= l.date)
                )
            )
    );
end
$$;
drop view lyceum.lesson_teachers;
