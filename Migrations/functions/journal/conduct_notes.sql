create or replace function lyceum.teaches_on(p_school integer, p_user uuid, p_student uuid, p_date date) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.group_members m
        join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
        where m.school_id = p_school
            and m.student_id = p_student
            and lyceum.holds(m.starts_on, m.ends_on, p_date)
            and (
                exists (
                    select from public.section_teachers t
                    where t.school_id = p_school and t.section_id = s.id and t.teacher_id = p_user
                        and lyceum.holds(t.starts_on, t.ends_on, p_date)
                )
                or exists (
                    select from public.lessons l
                    where l.school_id = p_school and l.section_id = s.id and l.date = p_date and l.teacher_id = p_user
                )
            )
    );
end
$$;
comment on function lyceum.teaches_on(integer, uuid, uuid, date) is
    'A4: whether the person teaches the student on the day, as a teacher of a section or as the teacher of the day.';

create or replace function lyceum.may_note(p_school integer, p_user uuid, p_student uuid, p_lesson uuid, p_date date) returns boolean
    language plpgsql stable
as $$
begin
    return lyceum.is_class_teacher(p_school, p_user, p_student, p_date)
        or case
            when p_lesson is not null then lyceum.teaches_lesson(p_school, p_user, p_lesson)
            else lyceum.teaches_on(p_school, p_user, p_student, p_date)
        end;
end
$$;
comment on function lyceum.may_note(integer, uuid, uuid, uuid, date) is
    'A4: whether the person writes conduct notes about the student: the class teacher of that day, or a teacher of that day or lesson.';
