-- What a notification tells of, as the reader sees it now.

create or replace function lyceum.told_lesson(p_lesson lessons) returns json
    language sql stable
    return case when p_lesson.id is not null then json_build_object(
        'id', p_lesson.id, 'date', p_lesson.date, 'slot', p_lesson.slot,
        'starts_at', lyceum.local_moment(p_lesson.date, p_lesson.starts_at), 'state', p_lesson.state
    ) end;
comment on function lyceum.told_lesson(lessons) is 'A lesson in a notification; null without one.';

create or replace function lyceum.told_subject(p_subject subjects) returns json
    language sql stable
    return json_build_object('id', p_subject.id, 'name', p_subject.name);
comment on function lyceum.told_subject(subjects) is 'A subject in a notification.';

create or replace function lyceum.told_record(p_school integer, p_student uuid, p_entity text, p_id uuid) returns json
    language plpgsql stable
as $$
begin
    case p_entity
        when 'marks' then
            return (
                select json_build_object(
                    'subject', lyceum.told_subject(j), 'lesson', lyceum.told_lesson(l), 'work', coalesce(i.title, c.name),
                    'value', lyceum.mark_value(k.kind, k.number, k.code, k.due_on), 'due_on', k.due_on, 'text', k.comment
                )
                from public.marks k
                join public.line_items i on i.school_id = k.school_id and i.id = k.line_item_id and i.deleted_at is null
                join public.lessons l on l.school_id = i.school_id and l.id = i.lesson_id
                join public.sections s on s.school_id = l.school_id and s.id = l.section_id
                join public.subjects j on j.school_id = s.school_id and j.id = s.subject_id
                left join public.categories c on c.school_id = i.school_id and c.id = i.category_id
                where k.school_id = p_school and k.id = p_id and k.student_id = p_student
                    and k.kind is not null and k.published_at <= now()
            );
        when 'final_marks' then
            return (
                select json_build_object(
                    'subject', lyceum.told_subject(j), 'final', f.kind, 'term', t.name,
                    'value', lyceum.mark_value(f.value_kind, f.number, f.code, f.due_on), 'due_on', f.due_on, 'text', f.comment
                )
                from public.final_marks f
                join public.subjects j on j.school_id = f.school_id and j.id = f.subject_id
                left join public.terms t on t.school_id = f.school_id and t.id = f.term_id
                where f.school_id = p_school and f.id = p_id and f.student_id = p_student
                    and f.value_kind is not null and f.published_at <= now()
            );
        when 'attendance' then
            return (
                select json_build_object(
                    'subject', lyceum.told_subject(j), 'lesson', lyceum.told_lesson(l),
                    'meaning', lyceum.counted_meaning(a.meaning, a.decided_meaning)
                )
                from public.attendance a
                join public.lessons l on l.school_id = a.school_id and l.id = a.lesson_id
                join public.sections s on s.school_id = l.school_id and s.id = l.section_id
                join public.subjects j on j.school_id = s.school_id and j.id = s.subject_id
                where a.school_id = p_school and a.id = p_id and a.student_id = p_student
                    and lyceum.counted_meaning(a.meaning, a.decided_meaning) is not null
            );
        when 'homework' then
            return (
                select json_build_object(
                    'subject', lyceum.told_subject(j), 'lesson', lyceum.told_lesson(l), 'text', h.text, 'due_on', h.due_on
                )
                from public.homework h
                join public.lessons l on l.school_id = h.school_id and l.id = h.lesson_id
                join public.sections s on s.school_id = h.school_id and s.id = h.section_id
                join public.subjects j on j.school_id = s.school_id and j.id = s.subject_id
                where h.school_id = p_school and h.id = p_id and lyceum.is_set_for(p_school, p_id, p_student)
            );
        when 'feedback' then
            return (
                select json_build_object('subject', lyceum.told_subject(j), 'lesson', lyceum.told_lesson(l), 'text', f.text)
                from public.feedback f
                join public.sections s on s.school_id = f.school_id and s.id = f.section_id
                join public.subjects j on j.school_id = s.school_id and j.id = s.subject_id
                left join public.lessons l on l.school_id = f.school_id and l.id = f.lesson_id
                where f.school_id = p_school and f.id = p_id and f.student_id = p_student
                    and f.deleted_at is null and f.published_at <= now()
            );
        when 'conduct_notes' then
            return (
                select json_build_object('conduct', n.kind, 'lesson', lyceum.told_lesson(l), 'date', n.date, 'text', n.text)
                from public.conduct_notes n
                left join public.lessons l on l.school_id = n.school_id and l.id = n.lesson_id
                where n.school_id = p_school and n.id = p_id and n.student_id = p_student
                    and n.deleted_at is null and n.published_at <= now()
            );
        when 'debts' then
            return (
                select json_build_object(
                    'subject', lyceum.told_subject(j),
                    'due_on', (
                        select min(a.held_on) from public.debt_attempts a
                        where a.school_id = p_school and a.debt_id = d.id and a.result is null
                    )
                )
                from public.debts d
                join public.subjects j on j.school_id = d.school_id and j.id = d.subject_id
                where d.school_id = p_school and d.id = p_id and d.student_id = p_student
                    and d.state = 'open' and d.published_at <= now()
            );
        else
            return null;
    end case;
end
$$;
comment on function lyceum.told_record(integer, uuid, text, uuid) is
    'A1, M12: a record of the student in a notification; null if it is gone, or the family does not see it.';

create or replace function lyceum.told_change(p_school integer, p_entity text, p_id uuid) returns json
    language plpgsql stable
as $$
begin
    case p_entity
        when 'substitutions' then
            return (
                select json_build_object(
                    'subject', lyceum.told_subject(j), 'section', s.name, 'lesson', lyceum.told_lesson(l), 'room', r.name,
                    'substitution', x.kind, 'taken_back', x.cancelled_at is not null, 'old_date', x.old_date, 'old_slot', x.old_slot,
                    'teacher', nullif(concat_ws(' ', t.last_name, t.first_name, t.middle_name), ''), 'instead', oj.name
                )
                from public.substitutions x
                join public.lessons l on l.school_id = x.school_id and l.id = x.lesson_id
                join public.sections s on s.school_id = l.school_id and s.id = l.section_id
                join public.subjects j on j.school_id = s.school_id and j.id = s.subject_id
                left join public.rooms r on r.school_id = l.school_id and r.id = l.room_id
                left join public.users t on t.school_id = x.school_id
                    and t.id = case when x.cancelled_at is null then coalesce(x.teacher_id, l.teacher_id) else l.teacher_id end
                left join public.sections o on o.school_id = x.school_id and o.id = x.section_id and x.cancelled_at is null
                left join public.subjects oj on oj.school_id = o.school_id and oj.id = o.subject_id
                where x.school_id = p_school and x.id = p_id
            );
        when 'lessons' then
            return (
                select json_build_object(
                    'subject', lyceum.told_subject(j), 'section', s.name, 'lesson', lyceum.told_lesson(l), 'room', r.name,
                    'teacher', nullif(concat_ws(' ', t.last_name, t.first_name, t.middle_name), '')
                )
                from public.lessons l
                join public.sections s on s.school_id = l.school_id and s.id = l.section_id
                join public.subjects j on j.school_id = s.school_id and j.id = s.subject_id
                left join public.rooms r on r.school_id = l.school_id and r.id = l.room_id
                left join public.users t on t.school_id = l.school_id and t.id = l.teacher_id
                where l.school_id = p_school and l.id = p_id
            );
        else
            return null;
    end case;
end
$$;
comment on function lyceum.told_change(integer, text, uuid) is 'A change of the timetable in a notification.';

create or replace function lyceum.told_remark(p_school integer, p_person uuid, p_id uuid) returns json
    language plpgsql stable
as $$
begin
    return (
        select json_build_object(
            'subject', lyceum.told_subject(j), 'section', s.name, 'text', r.text, 'due_on', r.due_on
        )
        from public.journal_remarks r
        join public.sections s on s.school_id = r.school_id and s.id = r.section_id
        join public.subjects j on j.school_id = s.school_id and j.id = s.subject_id
        where r.school_id = p_school and r.id = p_id and lyceum.teaches(p_school, p_person, r.section_id, lyceum.today())
    );
end
$$;
comment on function lyceum.told_remark(integer, uuid, uuid) is 'A remark in a notification to a teacher of its section.';

create or replace function lyceum.told_about(p_school integer, p_person uuid, p_student uuid, p_entity text, p_id uuid) returns json
    language plpgsql stable
as $$
begin
    return case
        when p_entity in ('marks', 'final_marks', 'attendance', 'homework', 'feedback', 'conduct_notes', 'debts')
            then lyceum.told_record(p_school, p_student, p_entity, p_id)
        when p_entity in ('substitutions', 'lessons') then lyceum.told_change(p_school, p_entity, p_id)
        when p_entity = 'journal_remarks' then lyceum.told_remark(p_school, p_person, p_id)
    end;
end
$$;
comment on function lyceum.told_about(integer, uuid, uuid, text, uuid) is
    'What a notification to the person tells of, as the person sees it now; null if the row is gone or not visible any more.';
grant execute on function lyceum.told_about(integer, uuid, uuid, text, uuid) to lyceum_app;
