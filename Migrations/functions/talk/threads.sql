-- Threads: who reads which messages of them, how they begin, receipts, muting, leaving.

create or replace function lyceum.thread_days(p_school integer, p_person uuid, p_capacity text, p_student uuid) returns datemultirange
    language plpgsql stable
as $$
begin
    return case
        when p_capacity = 'guardian' then
            case when lyceum.represents(p_school, p_person, p_student) then '{(,)}'::datemultirange end
        when p_capacity = 'student' then '{(,)}'
        -- A3: staff who have become a guardian of the student do not read what another guardian writes.
        when lyceum.capacity(p_school, p_person, p_student) is distinct from 'staff' then null
        when p_student is null or lyceum.is_concerned(p_school, p_person, p_student) then '{(,)}'
        else lyceum.led_days(p_school, p_person, p_student)
    end;
end
$$;
comment on function lyceum.thread_days(integer, uuid, text, uuid) is
    'A3, A4: the days whose messages a participant reads today in a thread about the student; null if there are none. A guardian with '
    'access and staff whom the student concerns: all. Who led the student''s class earlier: those days (lyceum.led_days).';

create or replace function lyceum.is_shown(p_days datemultirange, p_written_at timestamptz) returns boolean
    language sql stable
    return upper_inf(p_days) or lyceum.local_day(p_written_at) <@ p_days;
comment on function lyceum.is_shown(datemultirange, timestamptz) is
    'Whether the days (lyceum.thread_days) include the message. Inlined.';

create or replace function lyceum.reading_days(
    p_school integer, p_thread uuid, p_person uuid, p_capacity text, p_student uuid
) returns datemultirange
    language plpgsql stable
as $$
declare
    v_days datemultirange := lyceum.thread_days(p_school, p_person, p_capacity, p_student);
begin
    if upper_inf(v_days) or exists (
        select from public.messages m
        where m.school_id = p_school and m.thread_id = p_thread and lyceum.is_shown(v_days, m.written_at)
    ) then
        return v_days;
    end if;
    return null;
end
$$;
comment on function lyceum.reading_days(integer, uuid, uuid, text, uuid) is
    'Like lyceum.thread_days; null, too, if the thread has no message of these days.';

create or replace function lyceum.participant_days(p_school integer, p_thread uuid, p_person uuid) returns datemultirange
    language plpgsql stable
as $$
begin
    return (
        select lyceum.reading_days(p_school, p_thread, p_person, p.capacity, t.student_id)
        from public.thread_participants p
        join public.threads t on t.school_id = p.school_id and t.id = p.thread_id
        where p.school_id = p_school and p.thread_id = p_thread and p.person_id = p_person and p.left_at is null
    );
end
$$;
comment on function lyceum.participant_days(integer, uuid, uuid) is
    'The days whose messages the person reads as a participant of the thread; null: none.';

create or replace function lyceum.reads_thread(p_school integer, p_thread uuid, p_person uuid) returns boolean
    language plpgsql stable
as $$
begin
    return lyceum.participant_days(p_school, p_thread, p_person) is not null;
end
$$;
comment on function lyceum.reads_thread(integer, uuid, uuid) is 'Whether the person takes part in the thread and still reads some of it.';

create or replace function lyceum.unread_of(
    p_school integer, p_thread uuid, p_person uuid, p_read_sequence integer, p_unread integer, p_days datemultirange
) returns integer
    language plpgsql stable
as $$
begin
    return case
        when p_unread = 0 or p_days is null then 0
        when upper_inf(p_days) then p_unread
        else (
            select count(*)
            from public.messages m
            where m.school_id = p_school and m.thread_id = p_thread and m.sequence > p_read_sequence and m.author_id <> p_person
                and lyceum.is_shown(p_days, m.written_at)
        )
    end;
end
$$;
comment on function lyceum.unread_of(integer, uuid, uuid, integer, integer, datemultirange) is
    'The number of messages of these days that a participant has not read.';

create or replace function lyceum.handles_report(p_school integer, p_thread uuid, p_person uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select from public.user_roles r where r.school_id = p_school and r.user_id = p_person and r.role = 'head'
    ) and lyceum.works(p_school, p_person) and not exists (
        select from public.threads t
        where t.school_id = p_school and t.id = p_thread and lyceum.is_own_family(p_school, p_person, t.student_id)
    );
end
$$;
comment on function lyceum.handles_report(integer, uuid, uuid) is
    'Whether the person is the head, and no guardian of the student whom the thread is about (A3).';

create or replace function lyceum.reads_report(p_school integer, p_thread uuid, p_person uuid) returns boolean
    language plpgsql stable
as $$
begin
    return lyceum.handles_report(p_school, p_thread, p_person) and exists (
        select from public.thread_reports r
        where r.school_id = p_school and r.thread_id = p_thread and r.closed_at is null
    );
end
$$;
comment on function lyceum.reads_report(integer, uuid, uuid) is
    'Whether the person handles reports about the thread, and one is open. lyceum.record_thread_reading records each reading.';

create or replace function lyceum.shown_days(p_school integer, p_thread uuid, p_person uuid) returns datemultirange
    language plpgsql stable
as $$
begin
    return case
        when lyceum.reads_report(p_school, p_thread, p_person) then '{(,)}'
        else lyceum.participant_days(p_school, p_thread, p_person)
    end;
end
$$;
comment on function lyceum.shown_days(integer, uuid, uuid) is
    'The days whose messages the person reads as a participant or because of a report; null: none.';

create or replace function lyceum.may_answer(p_school integer, p_thread uuid, p_person uuid) returns boolean
    language plpgsql stable
as $$
begin
    return lyceum.reads_thread(p_school, p_thread, p_person) and exists (
        select
        from public.thread_participants p
        join public.threads t on t.school_id = p.school_id and t.id = p.thread_id
        where p.school_id = p_school
            and p.thread_id = p_thread
            and p.left_at is null
            and (
                lyceum.may_write(p_school, p_person, p.person_id, t.student_id)
                or lyceum.may_write(p_school, p.person_id, p_person, t.student_id)
            )
    );
end
$$;
comment on function lyceum.may_answer(integer, uuid, uuid) is
    'C1: whether the person may write in the thread: to somebody in it, or in answer to somebody who may write to the person.';

create or replace function lyceum.check_thread() returns trigger
    language plpgsql
as $$
begin
    if lyceum.current_user_id() is null or new.created_by is distinct from lyceum.current_user_id() then
        raise exception using errcode = 'LYC11', message = 'not_found', detail = 'C1: people begin threads, in person.';
    end if;
    new.created_at := now();
    new.latest_at := now();
    new.made_in := pg_current_xact_id();
    new.last_number := 0;
    new.last_sequence := 0;
    if not lyceum.works(new.school_id, new.created_by) then
        -- The requests of one person take turns, so that each counts the others.
        perform from public.users u where u.school_id = new.school_id and u.id = new.created_by for no key update;
        if (
            select count(*) from public.threads t
            where t.school_id = new.school_id and t.created_by = new.created_by and t.created_at > now() - interval '24 hours'
        ) >= coalesce(
            (select t.family_threads_per_day from public.school_settings t where t.school_id = new.school_id), 10
        ) then
            raise exception using
                errcode = 'LYC12', message = 'too_many_threads', detail = 'C1: a family begins only so many threads in 24 hours.';
        end if;
    end if;
    return new;
end
$$;

create or replace trigger rules before insert on threads for each row execute function lyceum.check_thread();

create or replace function lyceum.check_participant() returns trigger
    language plpgsql
as $$
declare
    v_thread public.threads;
begin
    select t.* into v_thread from public.threads t where t.school_id = new.school_id and t.id = new.thread_id;
    if v_thread.id is null or v_thread.created_by is distinct from lyceum.current_user_id()
        or v_thread.made_in <> pg_current_xact_id() then
        raise exception using
            errcode = 'LYC11', message = 'not_found', detail = 'C1: participants are set when the thread is made, and never added.';
    end if;
    new.capacity := lyceum.capacity(new.school_id, new.person_id, v_thread.student_id);
    new.read_sequence := 0;
    new.unread := 0;
    new.latest_at := v_thread.latest_at;
    new.muted_at := null;
    new.left_at := null;
    if new.capacity is null
        or new.person_id <> v_thread.created_by
            and not lyceum.may_write(new.school_id, v_thread.created_by, new.person_id, v_thread.student_id)
        or exists (
            select from public.thread_participants p
            where p.school_id = new.school_id and p.thread_id = new.thread_id and p.person_id = new.person_id
        ) then
        raise exception using
            errcode = 'LYC13', message = 'not_a_recipient', detail = 'C1: the person may not be written to about this student.';
    end if;
    -- A1, A3: two students write to each other without others; otherwise there is one person who is not staff.
    if new.capacity <> 'staff' and (
        select count(*) from public.thread_participants p
        where p.school_id = new.school_id and p.thread_id = new.thread_id and p.capacity <> 'staff'
    ) >= (case when v_thread.student_id is null then 2 else 1 end) then
        raise exception using
            errcode = 'LYC14', message = 'one_family', detail = 'A1, A3: one student or guardian in a thread.';
    end if;
    return new;
end
$$;

create or replace trigger rules before insert on thread_participants for each row execute function lyceum.check_participant();

-- Begins a thread with its first message. The triggers check who may write to whom.
create or replace function lyceum.begin_thread(p_student uuid, p_recipients uuid[], p_subject text, p_text text) returns uuid
    language plpgsql
as $$
declare
    v_school integer := lyceum.current_school();
    v_person uuid := lyceum.current_user_id();
    v_thread uuid := gen_random_uuid();
begin
    insert into public.threads (school_id, id, subject, student_id) values (v_school, v_thread, p_subject, p_student);
    insert into public.thread_participants (school_id, thread_id, person_id, capacity)
    select v_school, v_thread, p.id, 'staff' from unnest(v_person || p_recipients) p (id);
    insert into public.messages (school_id, id, thread_id, number, sequence, text)
    values (v_school, gen_random_uuid(), v_thread, 0, 0, p_text);
    return v_thread;
end
$$;
comment on function lyceum.begin_thread(uuid, uuid[], text, text) is 'C1: a new thread of the person of the transaction.';

create or replace function lyceum.thread_student(p_school integer, p_person uuid, p_recipients uuid[], p_student uuid) returns uuid
    language plpgsql stable
as $$
declare
    v_recipient uuid := (
        select s.id from public.students s where s.school_id = p_school and s.id = any (p_recipients) order by s.id limit 1
    );
begin
    return coalesce(p_student, case
        when lyceum.works(p_school, p_person) then v_recipient
        when v_recipient is null then
            (select s.id from public.students s where s.school_id = p_school and s.id = p_person)
    end);
end
$$;
comment on function lyceum.thread_student(integer, uuid, uuid[], uuid) is
    'Whom a new thread is about if the request does not say it: the student who writes to staff, or to whom staff write.';

create or replace function lyceum.write_to_people(p_student uuid, p_recipients uuid[], p_subject text, p_text text) returns uuid
    language plpgsql
as $$
declare
    v_school integer := lyceum.current_school();
begin
    if exists (
        select from unnest(p_recipients) r (id)
        where not exists (select from public.users u where u.school_id = v_school and u.id = r.id and u.state = 'active')
    ) then
        raise exception using errcode = 'LYC13', message = 'not_a_recipient', detail = 'A recipient without an account reads nothing.';
    end if;
    return lyceum.begin_thread(
        lyceum.thread_student(v_school, lyceum.current_user_id(), p_recipients, p_student), p_recipients, p_subject, p_text
    );
end
$$;
comment on function lyceum.write_to_people(uuid, uuid[], text, text) is 'C1: begins one thread with all recipients.';

create or replace function lyceum.write_to_families(p_students uuid[], p_class uuid, p_subject text, p_text text)
    returns table (student_id uuid, recipient_id uuid, outcome text, thread_id uuid)
    language plpgsql
as $$
declare
    v_school integer := lyceum.current_school();
    v_person uuid := lyceum.current_user_id();
    v_today date := lyceum.today();
    v_works boolean := lyceum.works(v_school, v_person);
    v_row record;
begin
    if exists (
        select from unnest(p_students) s (id) where not v_works or not lyceum.has_charge(v_school, v_person, s.id)
    ) then
        raise exception using errcode = 'LYC13', message = 'not_a_recipient', detail = 'C1: a student who is not in the person''s charge.';
    end if;
    for v_row in
        select s.id as student, g.guardian_id as guardian, u.state,
            lyceum.may_write(v_school, v_person, g.guardian_id, s.id) as may_write
        from (
            select s.id, s.number from unnest(p_students) with ordinality s (id, number)
            union all
            select e.student_id, row_number() over (order by u.last_name, u.first_name, u.id)
            from public.enrollments e
            join public.users u on u.school_id = e.school_id and u.id = e.student_id
            where e.school_id = v_school and e.class_id = p_class and lyceum.holds(e.starts_on, e.ends_on, v_today)
        ) s
        left join public.guardianships g on g.school_id = v_school and g.student_id = s.id and g.access = 'full'
            and lyceum.holds(g.starts_on, g.ends_on, v_today)
        left join public.users u on u.school_id = v_school and u.id = g.guardian_id
        where g.guardian_id is distinct from v_person and v_works and lyceum.has_charge(v_school, v_person, s.id)
        order by s.number, g.guardian_id
    loop
        student_id := v_row.student;
        recipient_id := v_row.guardian;
        outcome := case
            when v_row.guardian is null then 'no_guardian'
            when not v_row.may_write then 'not_allowed'
            when v_row.state <> 'active' then 'no_account'
            else 'sent'
        end;
        thread_id := case when outcome = 'sent' then lyceum.begin_thread(v_row.student, array[v_row.guardian], p_subject, p_text) end;
        return next;
    end loop;
    if p_class is not null and v_row is null then
        raise exception using errcode = 'LYC11', message = 'not_found', detail = 'C1: no student of the class is in the person''s charge.';
    end if;
end
$$;
comment on function lyceum.write_to_families(uuid[], uuid, text, text) is
    'A1, A3, C1: begins a thread with each guardian with access of these students, or of those in the class, as far as they are in the '
    'person''s charge. Returns what became of each; a guardian without an account gets no thread.';

create or replace function lyceum.read_thread(p_thread uuid, p_sequence integer) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_school integer := lyceum.current_school();
    v_person uuid := lyceum.current_user_id();
    v_days datemultirange := lyceum.participant_days(v_school, p_thread, v_person);
begin
    if v_days is null then
        return false;
    end if;
    -- Before the count: a message that is written or changed meanwhile is counted by its own transaction.
    perform from public.threads t where t.school_id = v_school and t.id = p_thread for no key update;
    if p_sequence < 1 or not exists (
        select from public.messages m
        where m.school_id = v_school and m.thread_id = p_thread and m.sequence >= p_sequence and lyceum.is_shown(v_days, m.written_at)
    ) then
        raise exception using
            errcode = 'foreign_key_violation', table = 'thread_receipts', constraint = 'thread_receipts_sequence',
            message = 'unknown_sequence', detail = 'C2: the person was not shown this sequence.';
    end if;
    update public.thread_participants p
    set read_sequence = p_sequence,
        unread = (
            select count(*) from public.messages m
            where m.school_id = v_school and m.thread_id = p_thread and m.sequence > p_sequence and m.author_id <> v_person
        )
    where p.school_id = v_school and p.thread_id = p_thread and p.person_id = v_person and p.read_sequence < p_sequence;
    if found then
        insert into public.thread_receipts (school_id, thread_id, person_id, sequence)
        values (v_school, p_thread, v_person, p_sequence);
    end if;
    return true;
end
$$;
comment on function lyceum.read_thread(uuid, integer) is
    'C2: the person of the transaction has read the thread up to this sequence number. False if the person does not read it. A receipt never '
    'goes back.';
revoke execute on function lyceum.read_thread(uuid, integer) from public;
grant execute on function lyceum.read_thread(uuid, integer) to lyceum_app;

create or replace function lyceum.mute_thread(p_thread uuid, p_is_muted boolean) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_school integer := lyceum.current_school();
    v_person uuid := lyceum.current_user_id();
begin
    if not lyceum.reads_thread(v_school, p_thread, v_person) then
        return false;
    end if;
    update public.thread_participants p
    set muted_at = case when p_is_muted then coalesce(p.muted_at, now()) end
    where p.school_id = v_school and p.thread_id = p_thread and p.person_id = v_person;
    return true;
end
$$;
comment on function lyceum.mute_thread(uuid, boolean) is
    'Whether the person of the transaction gets notifications of the thread. False if the person does not read it.';
revoke execute on function lyceum.mute_thread(uuid, boolean) from public;
grant execute on function lyceum.mute_thread(uuid, boolean) to lyceum_app;

create or replace function lyceum.leave_thread(p_thread uuid) returns boolean
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_school integer := lyceum.current_school();
    v_person uuid := lyceum.current_user_id();
begin
    if not lyceum.reads_thread(v_school, p_thread, v_person) then
        return false;
    end if;
    -- Those who leave take turns.
    perform from public.threads t where t.school_id = v_school and t.id = p_thread for no key update;
    if not (
        select bool_and(p.capacity = 'staff') and count(*) filter (where p.left_at is null) > 2
        from public.thread_participants p
        where p.school_id = v_school and p.thread_id = p_thread
    ) then
        raise exception using
            errcode = 'LYC15', message = 'cannot_leave', detail = 'C1: a family, or the last colleague, would write to nobody.';
    end if;
    update public.thread_participants p set left_at = now()
    where p.school_id = v_school and p.thread_id = p_thread and p.person_id = v_person;
    return true;
end
$$;
comment on function lyceum.leave_thread(uuid) is
    'The person of the transaction leaves a thread between at least three colleagues. False if the person does not read it.';
revoke execute on function lyceum.leave_thread(uuid) from public;
grant execute on function lyceum.leave_thread(uuid) to lyceum_app;

create or replace function lyceum.unread_messages(p_school integer, p_person uuid) returns integer
    language plpgsql stable
as $$
begin
    return (
        select coalesce(sum(lyceum.unread_of(
            p_school, p.thread_id, p_person, p.read_sequence, p.unread,
            lyceum.thread_days(p_school, p_person, p.capacity, t.student_id)
        )), 0)
        from public.thread_participants p
        join public.threads t on t.school_id = p.school_id and t.id = p.thread_id
        where p.school_id = p_school
            and p.person_id = p_person
            and p.left_at is null
            and p.unread > 0
            and p.muted_at is null
    );
end
$$;
comment on function lyceum.unread_messages(integer, uuid) is
    'The number of messages that are shown to the person and that the person has not read, in threads that are not muted.';
