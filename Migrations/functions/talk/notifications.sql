-- C3: notifications are written from the log of changes, in the same transaction. The log has the diary of a student only when the family
-- may see the row (M12), so nothing has to be checked again here.

create or replace function lyceum.notify() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_entity text;
    v_made text;
    v_changed text;
    v_removed text;
    v_earlier jsonb;
begin
    -- All rows of a statement are about one table.
    select r.entity into v_entity from new_rows r limit 1;
    case v_entity
        when 'marks' then
            v_made := 'mark';
            v_changed := 'mark_changed';
            v_removed := 'mark_removed';
        when 'final_marks' then
            v_made := 'final_mark';
            v_changed := 'final_mark_changed';
            v_removed := 'final_mark_changed';
        when 'feedback' then
            v_made := 'feedback';
            v_changed := 'feedback';
        when 'conduct_notes' then
            v_made := 'conduct_note';
            v_changed := 'conduct_note';
        when 'attendance' then
            -- In the order of the students, because lyceum.notify_of_absence may lock them.
            if not lyceum.moves_records() then
                perform lyceum.notify_of_absence(t.school_id, t.id)
                from (
                    select r.school_id, i.id from new_rows r cross join unnest(r.ids) i (id) where r.circle = 'diary' order by r.circle_id, i.id
                ) t;
            end if;
            return null;
        when 'absence_notes' then
            perform lyceum.close_first_absence(a.school_id, a.student_id, a.starts_on, a.ends_on)
            from new_rows r
            cross join unnest(r.ids) i (id)
            join public.absence_notes a on a.school_id = r.school_id and a.id = i.id
            where a.state <> 'declined';
            return null;
        when 'attendance_days' then
            perform lyceum.close_first_absence(t.school_id, t.student_id, t.date, t.date)
            from (
                select d.school_id, d.student_id, d.date
                from new_rows r
                cross join unnest(r.ids) i (id)
                join public.attendance_days d on d.school_id = r.school_id and d.id = i.id and d.meaning is not null
                order by d.student_id, d.date
            ) t;
            return null;
        when 'homework' then
            perform lyceum.notify_of_homework(r.school_id, i.id, case r.circle when 'diary' then r.circle_id end)
            from new_rows r
            cross join unnest(r.ids) i (id)
            where r.circle in ('section', 'diary');
            return null;
        when 'substitutions' then
            perform lyceum.notify_of_substitution(r.school_id, i.id)
            from new_rows r
            cross join unnest(r.ids) i (id)
            where r.is_home;
            return null;
        else
            return null;
    end case;

    if lyceum.moves_records() then
        return null;
    end if;
    -- A batch may write a record twice: what was told of it in this transaction is told anew, or not at all.
    select jsonb_object_agg(n.entity_id, n.kind) into v_earlier
    from public.notifications n
    where n.xid = pg_current_xact_id() and n.entity = v_entity;
    if v_earlier is not null then
        delete from public.notifications n
        using new_rows r cross join unnest(r.ids) i (id)
        where r.circle = 'diary' and r.operation <> 'concealed'
            and n.xid = pg_current_xact_id() and n.school_id = r.school_id and n.entity = v_entity and n.entity_id = i.id;
        insert into public.notifications (school_id, student_id, kind, entity, entity_id)
        select r.school_id, r.circle_id, t.kind, v_entity, i.id
        from new_rows r
        cross join unnest(r.ids) i (id)
        cross join lateral (select v_earlier ->> i.id::text as earlier) e
        cross join lateral (
            select case
                when r.operation in ('deleted', 'hidden') then case when e.earlier is distinct from v_made then v_removed end
                when e.earlier = v_made or r.operation = 'made' and e.earlier is null then v_made
                else v_changed
            end as kind
        ) t
        where r.circle = 'diary' and r.operation <> 'concealed' and t.kind is not null
            and (v_entity <> 'final_marks' or lyceum.is_own_final(r.school_id, i.id));
        return null;
    end if;
    -- As above, for what is told first: this runs with each batch of marks.
    insert into public.notifications (school_id, student_id, kind, entity, entity_id)
    select r.school_id, r.circle_id, case r.operation when 'made' then v_made when 'changed' then v_changed else v_removed end,
        v_entity, i.id
    from new_rows r
    cross join unnest(r.ids) i (id)
    where r.circle = 'diary' and r.operation <> 'concealed'
        and (v_removed is not null or r.operation in ('made', 'changed'))
        and (v_entity <> 'final_marks' or lyceum.is_own_final(r.school_id, i.id));
    return null;
end
$$;
revoke execute on function lyceum.notify() from public;

create or replace function lyceum.is_own_final(p_school integer, p_final uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select from public.final_marks f
        where f.school_id = p_school and f.id = p_final and (f.source = 'own' or f.order_id is not null)
    );
end
$$;
comment on function lyceum.is_own_final(integer, uuid) is
    'Whether families are told of the final mark. Those of another school come with an import: the family brought them. A debt that is '
    'settled is told (M13).';

create or replace trigger notify after insert on changes
    referencing new table as new_rows for each statement execute function lyceum.notify();

create or replace function lyceum.hears(p_school integer, p_person uuid, p_student uuid) returns boolean
    language plpgsql stable
as $$
begin
    return p_student is null
        or p_student = p_person
        or lyceum.represents(p_school, p_person, p_student)
        or lyceum.works(p_school, p_person) and not lyceum.is_own_family(p_school, p_person, p_student);
end
$$;
comment on function lyceum.hears(integer, uuid, uuid) is
    'A3: whether a notification to this person, about the student, still reaches the person: guardians as long as they have access, staff as '
    'long as they work here. Who is or was a guardian of the student is told as a guardian only.';
grant execute on function lyceum.hears(integer, uuid, uuid) to lyceum_app;

create or replace function lyceum.told(p_school integer, p_person uuid, p_student uuid) returns setof uuid
    language sql stable
as $$
    select p_person
    where p_person is not null and lyceum.hears(p_school, p_person, p_student)
    union all
    select p_student where p_person is null
    union all
    select g.guardian_id
    from guardianships g
    where p_person is null and g.school_id = p_school and g.student_id = p_student and g.access = 'full'
        and lyceum.holds(g.starts_on, g.ends_on, lyceum.today())
$$;
comment on function lyceum.told(integer, uuid, uuid) is
    'A3: whom a notification with this person and student reaches now.';
grant execute on function lyceum.told(integer, uuid, uuid) to lyceum_app;

create or replace function lyceum.notifications_for(p_school integer, p_person uuid) returns setof notifications
    language sql stable
as $$
    select n.*
    from notifications n
    where n.school_id = p_school and n.person_id = p_person and lyceum.hears(p_school, p_person, n.student_id)
    union all
    select n.*
    from lyceum.seen_students(p_school, p_person) s
    join notifications n on n.school_id = p_school and n.student_id = s.student_id and n.person_id is null
$$;
comment on function lyceum.notifications_for(integer, uuid) is
    'A1, A3: the notifications that reach the person now: lyceum.told from the other side. Inlined.';
grant execute on function lyceum.notifications_for(integer, uuid) to lyceum_app;

create or replace function lyceum.unread_notifications(p_school integer, p_person uuid) returns bigint
    language plpgsql stable
as $$
begin
    return (
        select count(*)
        from lyceum.notifications_for(p_school, p_person) n
        -- NOT IN hashes the receipts. How many a person has, the planner does not know.
        where n.id not in (
            select r.notification_id from public.notification_receipts r where r.school_id = p_school and r.person_id = p_person
        )
    );
end
$$;
comment on function lyceum.unread_notifications(integer, uuid) is 'How many notifications the person has not read.';
grant execute on function lyceum.unread_notifications(integer, uuid) to lyceum_app;

create or replace function lyceum.check_receipts() returns trigger
    language plpgsql
as $$
begin
    if row_security_active('public.notification_receipts') and exists (
        select from new_rows w
        where not exists (select from lyceum.notifications_for(w.school_id, w.person_id) n where n.id = w.notification_id)
    ) then
        raise exception using
            errcode = 'foreign_key_violation', table = 'notification_receipts',
            constraint = 'notification_receipts_school_id_notification_id_fkey',
            message = 'unknown_notification', detail = 'A1: the notification does not reach the person.';
    end if;
    return null;
end
$$;
comment on function lyceum.check_receipts() is 'A1: a person reads only what is told to this person. The policy of the table refuses receipts of others.';

create or replace trigger rules after insert on notification_receipts
    referencing new table as new_rows for each statement execute function lyceum.check_receipts();
