-- Messages of threads: their order, changes, notifications.

create or replace function lyceum.check_message() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_person uuid := lyceum.current_user_id();
begin
    if v_person is null or tg_op = 'INSERT' and new.author_id is distinct from v_person
        or not lyceum.reads_thread(new.school_id, new.thread_id, v_person) then
        raise exception using errcode = 'LYC11', message = 'not_found', detail = 'C1: participants write, in person.';
    end if;
    if tg_op = 'UPDATE' then
        if old.author_id <> v_person then
            raise exception using errcode = 'LYC19', message = 'not_your_message', detail = 'C1: the author changes a message.';
        end if;
        if now() > old.written_at + interval '15 minutes' then
            raise exception using
                errcode = 'LYC16', message = 'message_settled', detail = 'C1: a message is changed within 15 minutes.';
        end if;
        if new.text is distinct from old.text then
            insert into public.message_versions (school_id, message_id, version, sequence, text)
            values (old.school_id, old.id, old.version, old.sequence, old.text);
            new.version := old.version + 1;
            new.edited_at := now();
            update public.threads t
            set last_sequence = t.last_sequence + 1
            where t.school_id = new.school_id and t.id = new.thread_id
            returning t.last_sequence into new.sequence;
            -- Who has read the former text has not read this one.
            update public.thread_participants p
            set unread = p.unread + 1
            where p.school_id = new.school_id and p.thread_id = new.thread_id and p.person_id <> new.author_id
                and p.left_at is null and p.read_sequence >= old.sequence;
        end if;
        return new;
    end if;
    if not lyceum.may_answer(new.school_id, new.thread_id, v_person) then
        raise exception using
            errcode = 'LYC17', message = 'thread_closed', detail = 'C1: the person may no longer write to anybody in the thread.';
    end if;
    -- The writers of a thread take turns here, so that numbers and times follow the order of commits.
    update public.threads t
    set last_number = t.last_number + 1, last_sequence = t.last_sequence + 1, latest_at = greatest(t.latest_at, clock_timestamp())
    where t.school_id = new.school_id and t.id = new.thread_id
    returning t.last_number, t.last_sequence, t.latest_at into new.number, new.sequence, new.written_at;
    new.version := 1;
    new.edited_at := null;
    return new;
end
$$;
revoke execute on function lyceum.check_message() from public;

create or replace trigger rules before insert or update on messages for each row execute function lyceum.check_message();

-- C3: a notification for each other participant who reads the message and has not muted the thread. A4: who reads only what was written
-- earlier does not learn that there is something new.
create or replace function lyceum.tell_message() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.thread_participants p
    set latest_at = case
            when lyceum.is_shown(lyceum.thread_days(p.school_id, p.person_id, p.capacity, t.student_id), new.written_at)
                is false then p.latest_at
            else new.written_at
        end,
        unread = p.unread + case when p.person_id = new.author_id then 0 else 1 end
    from public.threads t
    where p.school_id = new.school_id and p.thread_id = new.thread_id and p.left_at is null
        and t.school_id = new.school_id and t.id = new.thread_id;
    insert into public.notifications (school_id, person_id, student_id, kind, entity, entity_id)
    select new.school_id, p.person_id, t.student_id, 'message', 'messages', new.id
    from public.thread_participants p
    join public.threads t on t.school_id = p.school_id and t.id = p.thread_id
    where p.school_id = new.school_id
        and p.thread_id = new.thread_id
        and p.person_id <> new.author_id
        and p.left_at is null
        and p.muted_at is null
        and lyceum.is_shown(lyceum.thread_days(p.school_id, p.person_id, p.capacity, t.student_id), new.written_at);
    return null;
end
$$;
revoke execute on function lyceum.tell_message() from public;

create or replace trigger tell after insert on messages for each row execute function lyceum.tell_message();
