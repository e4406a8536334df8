-- Consultations (C4): who may ask and answer, the states, whom messages are told to.

create or replace function lyceum.demand_question(p_school integer, p_person uuid, p_at_desk boolean, p_is_first boolean)
    returns void
    language plpgsql
as $$
begin
    -- The requests of one person take turns, so that each counts the others.
    perform from public.users u where u.school_id = p_school and u.id = p_person for no key update;
    -- A consultation without its first question counts as one.
    if greatest(
        (
            select count(*)
            from public.consultations c
            where p_is_first and c.school_id = p_school and c.opened_at > now() - interval '24 hours'
                and case when p_at_desk then c.recorded_by = p_person else c.asker_id = p_person and c.recorded_by is null end
        ),
        (
            select count(*)
            from public.consultation_messages m
            join public.consultations c on c.school_id = m.school_id and c.id = m.consultation_id
            where m.school_id = p_school and m.author_id = p_person and m.kind = 'question'
                and m.written_at > now() - interval '24 hours' and (c.asker_id is distinct from p_person) = p_at_desk
        )
    ) >= coalesce(
        (
            select case when p_at_desk then t.desk_questions_per_day else t.questions_per_day end
            from public.school_settings t
            where t.school_id = p_school
        ),
        case when p_at_desk then 200 else 20 end
    ) then
        raise exception using
            errcode = 'LYQ05', message = 'too_many_questions', detail = 'C4: a person asks only so many questions in 24 hours.';
    end if;
end
$$;
comment on function lyceum.demand_question(integer, uuid, boolean, boolean) is
    'C4: refuses a question of the person that is one too many in 24 hours: an own one, or one that the person writes down at the desk. '
    'p_is_first: a consultation is about to begin.';

create or replace function lyceum.guard_consultation() returns trigger
    language plpgsql
as $$
declare
    v_person uuid := lyceum.current_user_id();
    v_administers boolean := lyceum.has_role('administrator');
    v_asks boolean;
begin
    if not row_security_active('public.consultations') then
        return new;
    end if;
    if tg_op = 'INSERT' then
        if v_person is null or (new.recorded_by is null and new.asker_id <> v_person)
            or (new.recorded_by is not null and (new.recorded_by <> v_person or not v_administers)) then
            raise exception using
                errcode = 'LYQ01', message = 'not_your_consultation',
                detail = 'C4: people ask in their own name; an administrator writes down what others ask.';
        end if;
        perform lyceum.demand_question(new.school_id, v_person, new.recorded_by is not null, true);
        new.state := 'open';
        new.assigned_to := null;
        new.opened_at := now();
        new.waiting_since := now();
        new.answered_at := null;
        new.closed_at := null;
        return new;
    end if;

    v_asks := coalesce(v_person = old.asker_id, false);
    if not v_asks and not v_administers then
        raise exception using errcode = 'LYQ02', message = 'not_found', detail = 'C4: the asker and the administrators see it.';
    end if;
    if (new.asker_id, new.visitor_name, new.recorded_by, new.subject, new.opened_at)
        is distinct from (old.asker_id, old.visitor_name, old.recorded_by, old.subject, old.opened_at) then
        raise exception using errcode = 'LYL02', message = 'not_movable', detail = 'Who asked what, and when, never changes.';
    end if;
    if (new.category, new.phone, new.assigned_to) is distinct from (old.category, old.phone, old.assigned_to)
        and not v_administers then
        raise exception using
            errcode = 'LYQ01', message = 'not_your_consultation', detail = 'C4: administrators assign and sort consultations.';
    end if;
    if new.assigned_to is distinct from old.assigned_to then
        if not exists (
            select from public.user_roles r
            where r.school_id = new.school_id and r.user_id = new.assigned_to and r.role = 'administrator'
        ) and new.assigned_to is not null then
            raise exception using
                errcode = 'check_violation', table = 'consultations', constraint = 'consultations_assignee',
                message = 'not_an_administrator', detail = 'C4: administrators answer.';
        end if;
        if new.assigned_to is not null and new.state = 'open' then
            new.state := 'in_progress';
        end if;
    end if;
    new.waiting_since := old.waiting_since;
    new.answered_at := old.answered_at;
    new.closed_at := old.closed_at;
    if new.state = old.state then
        return new;
    end if;

    if not (case new.state
        -- A message is written: lyceum.follow_consultation_message changes the state.
        when 'open' then case old.state when 'in_progress' then v_administers else pg_trigger_depth() > 1 end
        when 'answered' then old.state <> 'closed' and pg_trigger_depth() > 1
        when 'in_progress' then v_administers and old.state in ('open', 'answered')
        else v_asks or old.state = 'answered'
    end) then
        raise exception using
            errcode = 'LYQ03', message = 'consultation_state',
            detail = 'C4: an answer makes it answered, a question opens it again; the asker closes it, or an administrator who has answered.';
    end if;
    case new.state
        when 'open' then
            if old.state in ('answered', 'closed') then
                new.waiting_since := now();
                new.answered_at := null;
                new.closed_at := null;
            end if;
        when 'in_progress' then new.answered_at := null;
        when 'answered' then new.answered_at := now();
        else new.closed_at := now();
    end case;
    return new;
end
$$;

create or replace trigger guard before insert or update on consultations
    for each row execute function lyceum.guard_consultation();
create or replace trigger version before update on consultations for each row execute function lyceum.version();

create or replace function lyceum.keep_consultation() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.consultation_history (school_id, consultation_id, version, state, assigned_to, changed_by, changed_at, request_id)
    values (
        new.school_id, new.id, new.version, new.state, new.assigned_to, lyceum.current_user_id(), now(),
        nullif(current_setting('lyceum.request_id', true), '')
    );
    return null;
end
$$;
revoke execute on function lyceum.keep_consultation() from public;

create or replace trigger history after insert on consultations for each row execute function lyceum.keep_consultation();
create or replace trigger history_again after update on consultations
    for each row when (old.version <> new.version) execute function lyceum.keep_consultation();

create or replace function lyceum.reopening_days() returns integer
    language sql immutable parallel safe
    return 14;
comment on function lyceum.reopening_days() is 'C4: for so many days after the end of a consultation, a further question opens it again.';

create or replace function lyceum.guard_consultation_message() returns trigger
    language plpgsql
as $$
declare
    v_person uuid := lyceum.current_user_id();
    v_consultation public.consultations;
begin
    if not row_security_active('public.consultation_messages') then
        return new;
    end if;
    select c.* into v_consultation
    from public.consultations c
    where c.school_id = new.school_id and c.id = new.consultation_id
    for no key update;
    if coalesce(v_person <> new.author_id, true) or not coalesce(
        case new.kind
            when 'question' then v_consultation.asker_id = v_person
                or v_consultation.recorded_by is not null and lyceum.has_role('administrator')
            else lyceum.has_role('administrator')
        end,
        false
    ) then
        raise exception using
            errcode = 'LYQ01', message = 'not_your_consultation', detail = 'C4: the asker asks, administrators answer, in their own name.';
    end if;
    if v_consultation.state = 'closed'
        and (new.kind <> 'question' or v_consultation.closed_at < now() - lyceum.reopening_days() * interval '1 day') then
        raise exception using
            errcode = 'LYQ04', message = 'consultation_closed',
            detail = 'C4: only a question opens it again, and not after many days.';
    end if;
    if new.kind = 'question' then
        perform lyceum.demand_question(new.school_id, v_person, v_consultation.asker_id is distinct from v_person, false);
    end if;
    new.written_at := now();
    return new;
end
$$;

create or replace trigger guard before insert on consultation_messages
    for each row execute function lyceum.guard_consultation_message();

create or replace function lyceum.follow_consultation_message() returns trigger
    language plpgsql
as $$
begin
    update public.consultations c
    set state = case new.kind
            when 'answer' then 'answered'
            when 'note' then case c.state when 'open' then 'in_progress' else c.state end
            else case when c.state in ('answered', 'closed') then 'open' else c.state end
        end,
        assigned_to = case when new.kind = 'question' then c.assigned_to else coalesce(c.assigned_to, new.author_id) end
    where c.school_id = new.school_id and c.id = new.consultation_id;
    return null;
end
$$;

create or replace function lyceum.tell_consultation_message() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_consultation public.consultations;
begin
    select c.* into strict v_consultation
    from public.consultations c
    where c.school_id = new.school_id and c.id = new.consultation_id;
    if new.kind = 'question' then
        insert into public.notifications (school_id, person_id, kind, entity, entity_id, once)
        select new.school_id, r.user_id, 'consultation', 'consultations', new.consultation_id, new.id
        from public.user_roles r
        where r.school_id = new.school_id and r.role = 'administrator' and r.user_id <> new.author_id
            and (
                r.user_id = v_consultation.assigned_to
                or not exists (
                    select from public.user_roles o
                    where o.school_id = new.school_id and o.user_id = v_consultation.assigned_to and o.role = 'administrator'
                )
            );
        return null;
    end if;
    insert into public.notifications (school_id, person_id, kind, entity, entity_id, once)
    select new.school_id, v_consultation.asker_id, 'consultation', 'consultations', new.consultation_id, new.id
    where v_consultation.asker_id <> new.author_id;
    if new.kind = 'answer' then
        update public.notifications n set closed_at = now()
        where n.school_id = new.school_id and n.entity_id = new.consultation_id and n.kind = 'consultation'
            and n.person_id is distinct from v_consultation.asker_id and n.closed_at is null;
    end if;
    return null;
end
$$;
revoke execute on function lyceum.tell_consultation_message() from public;

-- In this order, by name: a question that opens the consultation again, then its notifications.
create or replace trigger follow after insert on consultation_messages
    for each row execute function lyceum.follow_consultation_message();
create or replace trigger tell after insert on consultation_messages
    for each row execute function lyceum.tell_consultation_message();
