-- C3: substitutions, and lessons that are moved or cancelled by hand. What lies in the past is told to nobody.

create or replace function lyceum.notify_of_lesson(
    p_school integer, p_kind text, p_entity text, p_id uuid, p_sections uuid[], p_days date[], p_teachers uuid[]
) returns void
    language sql
as $$
    insert into public.notifications (school_id, student_id, kind, entity, entity_id)
    select distinct p_school, m.student_id, p_kind, p_entity, p_id
    from public.sections s
    join public.group_members m on m.school_id = s.school_id and m.group_id = s.group_id
    where s.school_id = p_school and s.id = any (p_sections)
        and exists (select from unnest(p_days) d (day) where lyceum.holds(m.starts_on, m.ends_on, d.day));
    insert into public.notifications (school_id, person_id, kind, entity, entity_id)
    select distinct p_school, t.id, p_kind, p_entity, p_id
    from unnest(p_teachers) t (id)
    where t.id is not null
$$;
comment on function lyceum.notify_of_lesson(integer, text, text, uuid, uuid[], date[], uuid[]) is
    'C3: tells the students of these sections on these days, and these teachers.';
revoke execute on function lyceum.notify_of_lesson(integer, text, text, uuid, uuid[], date[], uuid[]) from public;

create or replace function lyceum.notify_of_substitution(p_school integer, p_substitution uuid) returns void
    language plpgsql
as $$
declare
    v public.substitutions;
    v_kind text;
begin
    select * into v from public.substitutions s where s.school_id = p_school and s.id = p_substitution;
    if greatest(v.old_date, v.date) < lyceum.today() then
        return;
    end if;
    if v.cancelled_at is not null then
        update public.notifications n
        set closed_at = now()
        where n.school_id = p_school and n.created_at >= v.created_at and n.entity = 'substitutions' and n.entity_id = p_substitution
            and n.closed_at is null;
    end if;
    v_kind := case v.kind when 'move' then 'lesson_moved' when 'cancel' then 'lesson_cancelled' else 'substitution' end;
    perform lyceum.notify_of_lesson(
        p_school, v_kind, 'substitutions', p_substitution,
        (select array[l.section_id, v.section_id] from public.lessons l where l.school_id = p_school and l.id = v.lesson_id),
        array[v.old_date, v.date], array[v.teacher_id, v.old_teacher_id]
    );
end
$$;
comment on function lyceum.notify_of_substitution(integer, uuid) is
    'C3: a substitution, or that it is taken back: the students of the lesson''s section, and of the one that meets instead, the teacher '
    'of the lesson and the one who teaches instead.';
revoke execute on function lyceum.notify_of_substitution(integer, uuid) from public;

create or replace function lyceum.notify_of_moved_lesson() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if greatest(old.date, new.date) < lyceum.today() then
        return null;
    end if;
    if old.state = 'cancelled' then
        update public.notifications n
        set closed_at = now()
        where n.school_id = new.school_id and n.created_at >= old.changed_at and n.entity = 'lessons'
            and n.entity_id = new.id and n.kind = 'lesson_cancelled' and n.closed_at is null;
    end if;
    perform lyceum.notify_of_lesson(
        new.school_id, case new.state when 'cancelled' then 'lesson_cancelled' else 'lesson_moved' end, 'lessons', new.id,
        array[new.section_id], array[old.date, new.date], array[old.teacher_id, new.teacher_id]
    );
    return null;
end
$$;
comment on function lyceum.notify_of_moved_lesson() is
    'C3: a lesson that was cancelled, moved or restored by hand. The log says only that it changed, as with each topic.';
revoke execute on function lyceum.notify_of_moved_lesson() from public;

-- The generation of lessons sets generated_at; it changes whole weeks, and families read the timetable. Substitutions set
-- substitution_id and are told themselves.
create or replace trigger notify after update on lessons
    for each row when (
        new.generated_at is null and new.substitution_id is not distinct from old.substitution_id
        and (old.state = 'cancelled') <> (new.state = 'cancelled')
        or new.generated_at is null and new.substitution_id is not distinct from old.substitution_id
            and new.state <> 'cancelled' and (new.date, new.starts_at) <> (old.date, old.starts_at)
    )
    execute function lyceum.notify_of_moved_lesson();
