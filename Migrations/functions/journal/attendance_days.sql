-- T2: the class teacher's word for a student's day, and the notes that it comes from.

create or replace function lyceum.decides_attendance(p_school integer, p_user uuid, p_student uuid, p_date date) returns boolean
    language plpgsql stable
as $$
declare
    v_today date := lyceum.today();
begin
    return exists (
        select
        from public.class_teachers t
        join public.enrollments e on e.school_id = t.school_id and e.class_id = t.class_id
        where t.school_id = p_school
            and t.teacher_id = p_user
            and lyceum.holds(t.starts_on, t.ends_on, v_today)
            and e.student_id = p_student
            and (lyceum.holds(e.starts_on, e.ends_on, p_date) or lyceum.holds(e.starts_on, e.ends_on, v_today))
    );
end
$$;
comment on function lyceum.decides_attendance(integer, uuid, uuid, date) is
    'A4, T2: whether the person decides what the student''s absence on the day counts as: today''s class teacher of the class in which '
    'the student was on that day, or is today.';

create or replace function lyceum.demand_class_teacher(p_school integer, p_student uuid, p_date date) returns void
    language plpgsql stable
as $$
begin
    if not lyceum.decides_attendance(p_school, lyceum.current_user_id(), p_student, p_date) then
        raise exception using
            errcode = 'LYT02', message = 'not_in_your_class',
            detail = 'T2: the class teacher decides what an absence counts as.';
    end if;
end
$$;
comment on function lyceum.demand_class_teacher(integer, uuid, date) is
    'T2: raises an error unless the person of the transaction decides about the student''s absence on the day.';

-- MARK: The day

create or replace function lyceum.decide_attendance_day() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        new.version := 1;
    elsif (new.student_id, new.date) is distinct from (old.student_id, old.date) then
        raise exception using
            errcode = 'LYL02', message = 'not_movable', detail = 'A day stays with its student and its date.';
    end if;
    if new.meaning is null then
        new.reason := null;
        new.note_id := null;
    end if;
    if tg_op = 'UPDATE' then
        new.explains_only := old.explains_only;
        if (new.meaning, new.reason, new.note_id) is not distinct from (old.meaning, old.reason, old.note_id) then
            return new;
        end if;
        -- What the class teacher writes now is no longer the note's.
        if new.note_id = old.note_id and (new.meaning, new.reason) is distinct from (old.meaning, old.reason) then
            new.note_id := null;
        end if;
    end if;
    if row_security_active('public.attendance_days') then
        perform lyceum.demand_class_teacher(new.school_id, new.student_id, new.date);
        if new.note_id is not null and not exists (
            select
            from public.absence_notes n
            where n.school_id = new.school_id
                and n.id = new.note_id
                and n.student_id = new.student_id
                and n.state = 'accepted'
                and n.meaning = new.meaning
                and new.date between n.starts_on and n.ends_on
        ) then
            new.note_id := null;
        end if;
    end if;
    if new.meaning is not null and not exists (
        select
        from public.enrollments e
        where e.school_id = new.school_id
            and e.student_id = new.student_id
            and lyceum.holds(e.starts_on, e.ends_on, new.date)
    ) then
        raise exception using
            errcode = 'LYM03', message = 'not_a_member', detail = 'The student is in no class on that day.';
    end if;
    -- A note about a day of which the class teacher has said that the student was absent changes only what the absence counts as.
    new.explains_only := new.note_id is not null and case
        when tg_op = 'INSERT' then true
        when old.note_id is not null then old.explains_only
        else coalesce(old.meaning, 'present') = 'present'
    end;
    new.decided_by := coalesce(lyceum.current_user_id(), new.decided_by);
    new.decided_at := now();
    return new;
end
$$;
comment on function lyceum.decide_attendance_day() is
    'T2, A4: only the class teacher gives the word for a day, and it has the meaning of its note.';

create or replace trigger decide before insert or update on attendance_days
    for each row execute function lyceum.decide_attendance_day();
create or replace trigger version before update on attendance_days for each row execute function lyceum.version();
create or replace trigger audit after insert or update on attendance_days for each row execute function lyceum.audit();

create or replace function lyceum.fill_attendance() returns trigger
    language plpgsql
as $$
begin
    -- lyceum.with_days_word finds what the records get.
    update public.attendance a
    set decided_meaning = null, decided_minutes = null, decided_by_day = true
    from public.lessons l
    where a.school_id = new.school_id
        and a.student_id = new.student_id
        and (a.decided_by_day or a.decided_meaning is null)
        and l.school_id = a.school_id
        and l.id = a.lesson_id
        and l.date = new.date
        and l.state <> 'cancelled';
    if new.meaning is not null and not new.explains_only then
        insert into public.attendance (school_id, id, lesson_id, student_id, decided_by_day)
        select distinct on (l.id) new.school_id, gen_random_uuid(), l.id, new.student_id, true
        from public.group_members m
        join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id
        join public.lessons l on l.school_id = s.school_id and l.section_id = s.id and l.date = new.date
        where m.school_id = new.school_id
            and m.student_id = new.student_id
            and lyceum.holds(m.starts_on, m.ends_on, new.date)
            and l.state <> 'cancelled'
            and l.attendance_taken_at is not null
        on conflict (school_id, lesson_id, student_id) do nothing;
    end if;
    return null;
end
$$;
comment on function lyceum.fill_attendance() is
    'T2: copies the word for a day into the lessons of the day whose roll was taken, except those about which the class teacher decided. '
    'Other lessons get it with their roll: a lesson to come must not count as recorded, or it could not be moved (L2, L5).';

create or replace trigger fill after insert on attendance_days for each row execute function lyceum.fill_attendance();
create or replace trigger fill_again after update on attendance_days
    for each row when ((new.meaning, new.reason, new.explains_only) is distinct from (old.meaning, old.reason, old.explains_only))
    execute function lyceum.fill_attendance();

create or replace function lyceum.fill_roll() returns trigger
    language plpgsql
as $$
begin
    insert into public.attendance (school_id, id, lesson_id, student_id, decided_by_day)
    select distinct on (d.student_id) d.school_id, gen_random_uuid(), new.id, d.student_id, true
    from public.sections s
    join public.group_members m on m.school_id = s.school_id and m.group_id = s.group_id
        and lyceum.holds(m.starts_on, m.ends_on, new.date)
    join public.attendance_days d on d.school_id = m.school_id and d.student_id = m.student_id and d.date = new.date
    where s.school_id = new.school_id and s.id = new.section_id and d.meaning is not null and not d.explains_only
        -- A word that was given before the student left the school says nothing any more.
        and exists (
            select
            from public.enrollments e
            where e.school_id = d.school_id and e.student_id = d.student_id and lyceum.holds(e.starts_on, e.ends_on, d.date)
        )
    on conflict (school_id, lesson_id, student_id) do nothing;
    return null;
end
$$;
comment on function lyceum.fill_roll() is 'T2: when the roll is taken, the lesson gets the class teacher''s words for the day, without those that only explain absences.';

-- Deferred: a journal batch takes the roll first and then writes the codes of the same students, as new records.
drop trigger if exists fill_roll on lessons;
create constraint trigger fill_roll after update on lessons deferrable initially deferred
    for each row when (old.attendance_taken_at is null and new.attendance_taken_at is not null and new.state <> 'cancelled')
    execute function lyceum.fill_roll();

-- MARK: Notes

create or replace function lyceum.demand_school_days(p_note absence_notes) returns void
    language plpgsql stable
as $$
begin
    if p_note.ends_on >= p_note.starts_on and not exists (
        select
        from public.enrollments e
        join public.classes c on c.school_id = e.school_id and c.id = e.class_id
        join public.academic_years y on y.school_id = c.school_id and y.id = c.academic_year_id
        where e.school_id = p_note.school_id
            and e.student_id = p_note.student_id
            and greatest(e.starts_on, y.starts_on) <= p_note.ends_on
            and least(e.ends_on, y.ends_on) >= p_note.starts_on
    ) then
        raise exception using
            errcode = 'check_violation', table = 'absence_notes', constraint = 'absence_notes_enrolled',
            message = 'absence_notes_enrolled', detail = 'T2: the student is in no class on any day of the note.';
    end if;
end
$$;
comment on function lyceum.demand_school_days(absence_notes) is
    'T2: raises an error unless the student is in a class on at least one day of the note.';

create or replace function lyceum.guard_absence_note() returns trigger
    language plpgsql
as $$
declare
    v_row public.absence_notes := case tg_op when 'DELETE' then old else new end;
    v_leads boolean;
    v_represents boolean;
begin
    if tg_op = 'UPDATE' and (new.student_id, new.author_id, new.by_family, new.created_at)
        is distinct from (old.student_id, old.author_id, old.by_family, old.created_at) then
        raise exception using errcode = 'LYL02', message = 'not_movable', detail = 'A note stays with its student and its author.';
    end if;
    if not row_security_active('public.absence_notes') then
        return v_row;
    end if;

    v_leads := lyceum.leads_student(v_row.student_id);
    v_represents := v_row.student_id is distinct from lyceum.current_user_id()
        and lyceum.sees_student(v_row.school_id, lyceum.current_user_id(), v_row.student_id);
    if not (v_leads or v_represents) then
        -- A1: as for a student who does not exist.
        raise exception using
            errcode = 'foreign_key_violation', table = 'absence_notes', constraint = 'absence_notes_school_id_student_id_fkey',
            message = 'unknown_student', detail = 'The person neither represents the student nor leads the class.';
    end if;

    if tg_op = 'DELETE' then
        if old.state <> 'sent' then
            raise exception using errcode = 'LYT02', message = 'note_answered', detail = 'The class teacher has answered the note.';
        end if;
        if old.author_id is distinct from lyceum.current_user_id() then
            raise exception using errcode = 'LYT02', message = 'forbidden', detail = 'Only the author withdraws a note.';
        end if;
        return old;
    end if;

    if tg_op = 'INSERT' or (new.starts_on, new.ends_on) is distinct from (old.starts_on, old.ends_on) then
        perform lyceum.demand_school_days(new);
    end if;
    if tg_op = 'INSERT' then
        new.version := 1;
        new.author_id := lyceum.current_user_id();
        new.by_family := not v_leads;
        new.created_at := now();
        new.answered_by := null;
        new.answered_at := null;
    else
        new.answered_by := old.answered_by;
        new.answered_at := old.answered_at;
        if new.state <> 'accepted' and new.meaning is not distinct from old.meaning then
            new.meaning := null;
        end if;
    end if;
    if v_leads then
        -- The words of a family stay the family's.
        if tg_op = 'UPDATE' and new.by_family and (new.reason, new.document) is distinct from (old.reason, old.document)
            and old.author_id is distinct from lyceum.current_user_id() then
            raise exception using errcode = 'LYT02', message = 'forbidden', detail = 'Only the author changes the text of a note.';
        end if;
        if new.state = 'accepted' and new.meaning is null then
            new.meaning := 'excused';
        end if;
    elsif new.state <> 'sent' or new.meaning is not null or new.answer is not null then
        if tg_op = 'UPDATE' and old.state <> 'sent' then
            raise exception using errcode = 'LYT02', message = 'note_answered', detail = 'The class teacher has answered the note.';
        end if;
        raise exception using errcode = 'LYT02', message = 'forbidden', detail = 'Only the class teacher answers a note.';
    elsif tg_op = 'UPDATE' and old.state <> 'sent' then
        raise exception using errcode = 'LYT02', message = 'note_answered', detail = 'The class teacher has answered the note.';
    end if;
    if new.state <> 'sent' and (tg_op = 'INSERT' or (new.state, new.meaning, new.answer) is distinct from (old.state, old.meaning, old.answer)) then
        new.answered_by := lyceum.current_user_id();
        new.answered_at := now();
    elsif new.state = 'sent' then
        new.answered_by := null;
        new.answered_at := null;
    end if;
    return new;
end
$$;
comment on function lyceum.guard_absence_note() is
    'T2, A1: guardians write notes for their own children, and change or withdraw them until the class teacher has answered; the class '
    'teacher answers them, and writes notes that came on paper.';

create or replace trigger guard before insert or update or delete on absence_notes
    for each row execute function lyceum.guard_absence_note();
create or replace trigger version before update on absence_notes for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on absence_notes for each row execute function lyceum.audit();

create or replace function lyceum.fill_attendance_days() returns trigger
    language plpgsql
as $$
begin
    -- Days that the note no longer covers go to another accepted note, or lose their word.
    update public.attendance_days d
    set meaning = o.meaning, note_id = o.id, reason = null
    from public.attendance_days x
    left join lateral (
        select n.id, n.meaning
        from public.absence_notes n
        where n.school_id = x.school_id
            and n.student_id = x.student_id
            and n.state = 'accepted'
            and x.date between n.starts_on and n.ends_on
        order by n.answered_at desc nulls last, n.id desc
        limit 1
    ) o on true
    where x.school_id = new.school_id
        and x.note_id = new.id
        and (new.state <> 'accepted' or x.date not between new.starts_on and new.ends_on)
        and d.school_id = x.school_id
        and d.id = x.id;

    if new.state = 'accepted' then
        insert into public.attendance_days as d (school_id, id, student_id, date, meaning, note_id)
        select new.school_id, gen_random_uuid(), new.student_id, g.day::date, new.meaning, new.id
        from generate_series(new.starts_on, new.ends_on, interval '1 day') g (day)
        where exists (
            select
            from public.enrollments e
            where e.school_id = new.school_id
                and e.student_id = new.student_id
                and lyceum.holds_between(e.starts_on, e.ends_on, g.day::date, g.day::date)
        )
        order by g.day
        on conflict (school_id, student_id, date) do update
        set meaning = excluded.meaning, note_id = excluded.note_id, reason = null;
    end if;
    return null;
end
$$;
comment on function lyceum.fill_attendance_days() is
    'T2: an accepted note is the class teacher''s word for all its days; what was said for a day before gives way. A note that is no '
    'longer accepted takes its words back.';

create or replace trigger fill after insert on absence_notes
    for each row when (new.state = 'accepted') execute function lyceum.fill_attendance_days();
create or replace trigger fill_again after update on absence_notes
    for each row when (
        (new.state, new.meaning, new.starts_on, new.ends_on) is distinct from (old.state, old.meaning, old.starts_on, old.ends_on)
    )
    execute function lyceum.fill_attendance_days();

create or replace function lyceum.keeps_absence_note(p_note uuid) returns boolean
    language plpgsql stable
as $$
declare
    v_note public.absence_notes;
begin
    select * into v_note from public.absence_notes n where n.school_id = lyceum.current_school() and n.id = p_note;
    return not found
        or lyceum.leads_student(v_note.student_id)
        or v_note.author_id = lyceum.current_user_id()
            and lyceum.sees_student(v_note.school_id, v_note.author_id, v_note.student_id);
end
$$;
comment on function lyceum.keeps_absence_note(uuid) is
    'T2: whether the person of the transaction may write the note: its author, while a guardian with access, and the class teacher. '
    'A note that does not exist yet may be written; the trigger checks the student.';
