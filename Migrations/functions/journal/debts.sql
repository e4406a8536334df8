-- M13: academic debts

create or replace function lyceum.is_debt(p_kind text, p_number smallint, p_code text, p_terms boolean) returns boolean
    language sql immutable parallel safe
    return (p_kind = 'year' or p_kind = 'term' and p_terms) and coalesce(p_number <= 2, p_code = 'not_assessed', false);
comment on function lyceum.is_debt(text, smallint, text, boolean) is
    'M13: whether a final mark of this kind and value opens a debt. p_terms: the school''s setting term_debts.';

create or replace function lyceum.settles_debt(
    p_school integer, p_final uuid, p_value_kind text, p_number smallint, p_code text, p_order uuid
) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.debt_attempts a
        where a.school_id = p_school and a.debt_id = p_final and a.result = 'passed' and a.order_id = p_order
            and case
                when a.number is null then p_value_kind = 'code' and p_code = 'pass'
                else p_value_kind = 'number' and p_number = a.number
            end
    );
end
$$;
comment on function lyceum.settles_debt(integer, uuid, text, smallint, text, uuid) is
    'M13: whether this is the value that an attempt settled the debt of the final mark with, under this protocol.';

-- A final mark opens its debt, and a correction of the final mark cancels it.
create or replace function lyceum.follow_final_mark() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_is_debt boolean := lyceum.is_debt(
        new.kind, new.number, new.code,
        coalesce((select ss.term_debts from public.school_settings ss where ss.school_id = new.school_id), false)
    );
begin
    if v_is_debt then
        insert into public.debts (
            school_id, id, student_id, subject_id, academic_year_id, term_id, number, code, opened_on, published_at
        ) values (
            new.school_id, new.id, new.student_id, new.subject_id, new.academic_year_id, new.term_id, new.number, new.code,
            lyceum.today(), new.published_at
        )
        on conflict (school_id, id) do update
        set number = excluded.number, code = excluded.code, published_at = excluded.published_at,
            state = 'open', settled_on = null,
            opened_on = case when debts.state = 'open' then debts.opened_on else excluded.opened_on end
        where (debts.number, debts.code, debts.published_at, debts.state)
            is distinct from (excluded.number, excluded.code, excluded.published_at, 'open');
    else
        update public.debts d
        set published_at = new.published_at,
            state = case when d.state = 'open' then 'cancelled' else d.state end
        where d.school_id = new.school_id and d.id = new.id
            and (d.state = 'open' or d.published_at is distinct from new.published_at);
    end if;
    return null;
end
$$;
revoke execute on function lyceum.follow_final_mark() from public;

create or replace trigger debt after insert on final_marks
    for each row when (new.value_kind is not null and new.kind in ('year', 'term')) execute function lyceum.follow_final_mark();
create or replace trigger debt_again after update on final_marks
    for each row when (
        new.kind in ('year', 'term')
        and (new.number, new.code, new.published_at) is distinct from (old.number, old.code, old.published_at)
    )
    execute function lyceum.follow_final_mark();

create or replace function lyceum.guard_debt_attempt() returns trigger
    language plpgsql
as $$
declare
    v_state text;
    v_opened_on date;
    v_rule text;
begin
    -- Attempts at one debt take turns. The server's role may not lock the debt; the final mark has the same id.
    perform from public.final_marks f where f.school_id = new.school_id and f.id = new.debt_id for no key update;
    select d.state, d.opened_on into v_state, v_opened_on
    from public.debts d
    where d.school_id = new.school_id and d.id = new.debt_id;
    -- The attempt that settled the debt may be corrected, but it stays the one that settled it.
    if v_state = 'cancelled' or v_state = 'settled' and (
        tg_op = 'INSERT' or old.result is distinct from 'passed' or new.result is distinct from 'passed'
    ) then
        raise exception using errcode = 'LYM13', message = 'debt_not_open', detail = format('Debt %s is %s.', new.debt_id, v_state);
    end if;
    if tg_op = 'UPDATE' and (new.debt_id, new.ordinal) is distinct from (old.debt_id, old.ordinal) then
        raise exception using errcode = 'LYL02', message = 'not_movable', detail = 'An attempt never changes its debt.';
    end if;
    v_rule := case
        when new.held_on < v_opened_on then 'debt_attempts_held_on'
        when new.ordinal = 2 and not exists (
            select
            from public.debt_attempts a
            where a.school_id = new.school_id and a.debt_id = new.debt_id and a.ordinal = 1 and a.result in ('failed', 'absent')
        ) then 'debt_attempts_order'
        when new.ordinal = 1 and new.result is distinct from (case when tg_op = 'UPDATE' then old.result end)
            and exists (
                select from public.debt_attempts a
                where a.school_id = new.school_id and a.debt_id = new.debt_id and a.ordinal = 2
            ) and coalesce(new.result = 'passed', true) then 'debt_attempts_order'
        when new.result is not null and new.held_on > lyceum.today() then 'debt_attempts_future'
        when new.order_id is not null and exists (
            select
            from public.orders o
            where o.school_id = new.school_id and o.id = new.order_id and o.kind <> 'council_protocol'
        ) then 'debt_attempts_protocol'
    end;
    if v_rule is not null then
        raise exception using
            errcode = 'check_violation', table = 'debt_attempts', constraint = v_rule, message = v_rule,
            detail = format('Attempt %s at debt %s.', new.ordinal, new.debt_id);
    end if;
    return new;
end
$$;
create or replace trigger guard before insert or update on debt_attempts
    for each row execute function lyceum.guard_debt_attempt();

create or replace function lyceum.guard_debt_attempt_deletion() returns trigger
    language plpgsql
as $$
begin
    if old.result is not null then
        raise exception using
            errcode = 'LYM13', message = 'attempt_has_result', detail = format('Attempt %s at debt %s.', old.ordinal, old.debt_id);
    end if;
    return old;
end
$$;
create or replace trigger guard_deletion before delete on debt_attempts
    for each row execute function lyceum.guard_debt_attempt_deletion();

-- The final mark changes under the protocol, with its history.
create or replace function lyceum.settle_debt() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.debts d
    set state = 'settled', settled_on = new.held_on
    where d.school_id = new.school_id and d.id = new.debt_id
        and (d.state, d.settled_on) is distinct from ('settled', new.held_on);
    update public.final_marks f
    set value_kind = case when new.number is null then 'code' else 'number' end, number = new.number,
        code = case when new.number is null then 'pass' end, order_id = new.order_id
    where f.school_id = new.school_id and f.id = new.debt_id;
    return null;
end
$$;
revoke execute on function lyceum.settle_debt() from public;

create or replace trigger settle after insert or update on debt_attempts
    for each row when (new.result = 'passed') execute function lyceum.settle_debt();

-- A conditional promotion is settled with the last debt of its year. A debt that comes back, or comes late, opens it again.
create or replace function lyceum.settle_promotion() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    update public.promotions p
    set settled_on = s.settled_on
    from (
        select case when bool_and(d.state <> 'open') then max(d.settled_on) end as settled_on
        from public.debts d
        where d.school_id = new.school_id and d.student_id = new.student_id and d.academic_year_id = new.academic_year_id
    ) s
    where p.school_id = new.school_id and p.student_id = new.student_id and p.academic_year_id = new.academic_year_id
        and p.decision = 'conditional' and p.settled_on is distinct from s.settled_on;
    return null;
end
$$;
revoke execute on function lyceum.settle_promotion() from public;

create or replace trigger promotion after insert on debts for each row execute function lyceum.settle_promotion();
create or replace trigger promotion_again after update on debts
    for each row when ((new.state, new.settled_on) is distinct from (old.state, old.settled_on))
    execute function lyceum.settle_promotion();

-- The other way round: a decision that is written when all debts have been settled.
create or replace function lyceum.find_settlement() returns trigger
    language plpgsql
as $$
begin
    new.settled_on := case when new.decision = 'conditional' then (
        select case when bool_and(d.state <> 'open') then max(d.settled_on) end
        from public.debts d
        where d.school_id = new.school_id and d.student_id = new.student_id and d.academic_year_id = new.academic_year_id
    ) end;
    return new;
end
$$;
create or replace trigger settlement before insert or update on promotions
    for each row execute function lyceum.find_settlement();

create or replace trigger version before update on debts for each row execute function lyceum.version();
create or replace trigger audit after insert or update on debts for each row execute function lyceum.audit('number', 'code');
create or replace trigger version before update on debt_attempts for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on debt_attempts for each row execute function lyceum.audit('number', 'result');
