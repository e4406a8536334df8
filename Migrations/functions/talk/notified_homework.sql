-- C3: homework

create or replace function lyceum.knows_homework(p_school integer, p_student uuid, p_homework uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select from public.notifications n
        where n.school_id = p_school and n.kind = 'homework' and coalesce(n.person_id, n.student_id) = p_student
            and n.once = p_homework::text
    );
end
$$;
comment on function lyceum.knows_homework(integer, uuid, uuid) is 'Whether the student''s family has been told of the homework.';

-- Homework whose day has passed is told to nobody: a teacher completes the journal.
create or replace function lyceum.notify_of_homework(p_school integer, p_homework uuid, p_student uuid) returns void
    language plpgsql
as $$
declare
    v public.homework;
begin
    select * into v from public.homework h where h.school_id = p_school and h.id = p_homework;
    -- The log also says that a family has marked it as done.
    if v.changed_xid is distinct from pg_current_xact_id() or v.due_on < lyceum.today() then
        return;
    end if;
    insert into public.notifications (school_id, student_id, kind, entity, entity_id, once)
    select p_school, t.student_id, t.kind, 'homework', p_homework, case t.kind when 'homework' then p_homework::text end
    from (
        select m.student_id,
            case
                when v.version > 1 and lyceum.knows_homework(p_school, m.student_id, p_homework) then 'homework_changed'
                when v.for_all and v.deleted_at is null then 'homework'
            end as kind
        from public.lessons l
        join public.sections s on s.school_id = l.school_id and s.id = l.section_id
        join public.group_members m on m.school_id = s.school_id and m.group_id = s.group_id
            and lyceum.holds(m.starts_on, m.ends_on, l.date)
        where p_student is null and l.school_id = p_school and l.id = v.lesson_id
        union all
        -- lyceum.notify_of_named_students tells new ones.
        select p_student, case when lyceum.knows_homework(p_school, p_student, p_homework) then 'homework_changed' end
        where p_student is not null and v.version > 1
    ) t
    where t.kind is not null and not exists (
        select from public.notifications n
        where n.xid = pg_current_xact_id() and n.school_id = p_school and n.student_id = t.student_id and n.entity = 'homework'
            and n.entity_id = p_homework
    )
    on conflict do nothing;
end
$$;
comment on function lyceum.notify_of_homework(integer, uuid, uuid) is
    'C3: tells the students of the section''s group on the lesson''s day, or one student, that there is homework, or that it changed.';
revoke execute on function lyceum.notify_of_homework(integer, uuid, uuid) from public;

create or replace function lyceum.notify_of_named_students() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.notifications (school_id, student_id, kind, entity, entity_id, once)
    select h.school_id, w.student_id, t.kind, 'homework', h.id, case t.kind when 'homework' then h.id::text end
    from written w
    join public.homework h on h.school_id = w.school_id and h.id = w.homework_id and h.deleted_at is null and not h.for_all
        and h.due_on >= lyceum.today()
    cross join lateral (
        select case
            when tg_op = 'INSERT' then 'homework'
            when lyceum.knows_homework(h.school_id, w.student_id, h.id) then 'homework_changed'
        end as kind
    ) t
    where t.kind is not null and not exists (
        select from public.notifications n
        where n.xid = pg_current_xact_id() and n.school_id = h.school_id and n.student_id = w.student_id and n.entity = 'homework'
            and n.entity_id = h.id
    )
    on conflict do nothing;
    return null;
end
$$;
comment on function lyceum.notify_of_named_students() is
    'C3: the log says for each of these students only that the homework changed, as it does when a family marks it as done.';
revoke execute on function lyceum.notify_of_named_students() from public;

create or replace trigger notify after insert on homework_students
    referencing new table as written for each statement execute function lyceum.notify_of_named_students();
create or replace trigger notify_again after delete on homework_students
    referencing old table as written for each statement execute function lyceum.notify_of_named_students();
