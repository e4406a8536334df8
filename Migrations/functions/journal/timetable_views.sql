-- The timetable as it is: lessons, and what the weekly timetable wants on days for which no lessons have been made yet.
create or replace function lyceum.timetable(p_school integer, p_from date, p_to date, p_kind text, p_subject uuid)
    returns table (
        lesson_id uuid, timetable_entry_id uuid, section_id uuid, date date, slot smallint, starts_at time, ends_at time, room_id uuid,
        teacher_id uuid, state text, substitution_id uuid
    )
    language plpgsql stable rows 100
as $$
#variable_conflict use_column
declare
    v_sections uuid[];
    v_days daterange := daterange(p_from, p_to, '[]');
begin
    v_sections := case p_kind
        when 'class' then array(
            select s.id
            from public.groups g
            join public.sections s on s.school_id = g.school_id and s.group_id = g.id
            where g.school_id = p_school
                and (
                    g.class_id = p_subject
                    or g.id in (
                        select m.group_id
                        from public.enrollments e
                        join public.group_members m on m.school_id = e.school_id and m.student_id = e.student_id
                        join public.groups c on c.school_id = m.school_id and c.id = m.group_id and c.kind = 'cross'
                        where e.school_id = p_school
                            and e.class_id = p_subject
                            and daterange(e.starts_on, e.ends_on, '[]') * daterange(m.starts_on, m.ends_on, '[]') && v_days
                    )
                )
        )
        when 'student' then array(
            select s.id
            from public.group_members m
            join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
            where m.school_id = p_school and m.student_id = p_subject and lyceum.holds_between(m.starts_on, m.ends_on, p_from, p_to)
        )
        when 'teacher' then array(
            select t.section_id from public.section_teachers t where t.school_id = p_school and t.teacher_id = p_subject
            union
            select e.section_id from public.timetable_entries e where e.school_id = p_school and e.teacher_id = p_subject
        )
        when 'room' then array(
            select distinct e.section_id from public.timetable_entries e where e.school_id = p_school and e.room_id = p_subject
        )
    end;

    return query
    select l.id, l.timetable_entry_id, l.section_id, l.date, l.slot, l.starts_at, l.ends_at, l.room_id, l.teacher_id, l.state,
        l.substitution_id
    from public.lessons l
    where p_kind = 'teacher' and l.school_id = p_school and l.teacher_id = p_subject and l.date between p_from and p_to
    union all
    select l.id, l.timetable_entry_id, l.section_id, l.date, l.slot, l.starts_at, l.ends_at, l.room_id, l.teacher_id, l.state,
        l.substitution_id
    from public.lessons l
    where p_kind = 'room' and l.school_id = p_school and l.date between p_from and p_to and l.room_id = p_subject
    union all
    select l.id, l.timetable_entry_id, l.section_id, l.date, l.slot, l.starts_at, l.ends_at, l.room_id, l.teacher_id, l.state,
        l.substitution_id
    from public.lessons l
    where p_kind in ('class', 'student')
        and l.school_id = p_school
        and l.section_id = any (v_sections)
        and l.date between p_from and p_to
        and (p_kind = 'class' or lyceum.is_member(p_school, l.section_id, p_subject, l.date))
    union all
    select null, w.entry_id, w.section_id, w.date, w.slot, w.starts_at, w.ends_at, w.room_id, w.teacher_id, 'planned', null
    from lyceum.timetabled_lessons(p_school, greatest(p_from, lyceum.today()), p_to, v_sections) w
    where w.starts_at is not null
        and (p_kind <> 'teacher' or w.teacher_id = p_subject)
        and (p_kind <> 'room' or w.room_id = p_subject)
        and (p_kind <> 'student' or lyceum.is_member(p_school, w.section_id, p_subject, w.date))
        and not lyceum.lesson_stands(p_school, w.entry_id, w.section_id, w.date, w.starts_at, w.ends_at);
end
$$;
comment on function lyceum.timetable(integer, date, date, text, uuid) is
    'The timetable of a class, student, teacher or room (p_kind) from p_from to p_to: lessons, cancelled ones too, and from today on '
    'what the weekly timetable wants and no lesson has been made for. A row without lesson_id is not a lesson yet.';

-- Not inlined: as a part of the query, it would be planned for the lessons of a whole school.
create or replace function lyceum.lesson_stands(
    p_school integer, p_entry uuid, p_section uuid, p_date date, p_starts_at time, p_ends_at time
) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.lessons l
        where l.school_id = p_school and l.timetable_date = p_date and l.timetable_entry_id = p_entry
    ) or exists (
        select
        from public.lessons l
        where l.school_id = p_school
            and l.section_id = p_section
            and l.date = p_date
            and l.starts_at < p_ends_at
            and l.ends_at > p_starts_at
            and l.state <> 'cancelled'
    );
end
$$;
comment on function lyceum.lesson_stands(integer, uuid, uuid, date, time, time) is
    'Whether a lesson was made for the entry on the day, or another lesson of the section is at that time, so that the generation would '
    'make none.';
