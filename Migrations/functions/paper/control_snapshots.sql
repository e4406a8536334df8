-- Snapshots of the figures of control.

create or replace function lyceum.take_control_snapshot() returns trigger
    language plpgsql
as $$
begin
    if row_security_active('public.control_snapshots') and lyceum.current_user_id() is not null
        and (new.kind <> 'manual' or not lyceum.has_role('head', 'deputy_head')) then
        raise exception using
            errcode = 'LYR01', message = 'forbidden', detail = 'Heads and deputy heads take snapshots, and the server those of weeks and terms.';
    end if;
    -- The checks of the table come after this trigger.
    if new.ends_on < new.starts_on or new.ends_on - new.starts_on >= 366 then
        raise exception using
            errcode = 'check_violation', table = 'control_snapshots', message = 'invalid_days',
            constraint = case when new.ends_on < new.starts_on then 'control_snapshots_dates' else 'control_snapshots_length' end,
            detail = 'The last day comes before the first, or the days are more than a year.';
    end if;
    new.academic_year_id := (
        select y.id
        from public.academic_years y
        where y.school_id = new.school_id and y.starts_on <= new.ends_on and y.ends_on >= new.starts_on
        order by y.starts_on desc
        limit 1
    );
    if new.academic_year_id is null or new.starts_on > lyceum.today() then
        raise exception using
            errcode = 'check_violation', table = 'control_snapshots', constraint = 'control_snapshots_in_year', message = 'outside_year',
            detail = 'The days lie outside the academic years, or have not begun.';
    end if;
    new.term_id := (
        select t.id
        from public.terms t
        where t.school_id = new.school_id and t.starts_on = new.starts_on and t.ends_on = new.ends_on
        order by t.id
        limit 1
    );
    if row_security_active('public.control_snapshots') then
        new.taken_by := lyceum.current_user_id();
        new.taken_at := now();
    end if;
    new.figures := lyceum.journal_control(new.school_id, new.academic_year_id, new.starts_on, new.ends_on);
    return new;
end
$$;
comment on function lyceum.take_control_snapshot() is 'Counts the figures of a new snapshot: nobody else can write them.';

create or replace trigger figures before insert on control_snapshots for each row execute function lyceum.take_control_snapshot();

create or replace function lyceum.keep_control_snapshot() returns trigger
    language plpgsql
as $$
begin
    if (new.kind, new.starts_on, new.ends_on, new.academic_year_id, new.term_id, new.figures, new.taken_by, new.taken_at)
        is distinct from (old.kind, old.starts_on, old.ends_on, old.academic_year_id, old.term_id, old.figures, old.taken_by, old.taken_at) then
        raise exception using errcode = 'LYL02', message = 'not_movable', detail = 'Only the note of a snapshot changes.';
    end if;
    return new;
end
$$;
comment on function lyceum.keep_control_snapshot() is 'A snapshot says what was so at its moment.';

create or replace trigger keep before update on control_snapshots for each row execute function lyceum.keep_control_snapshot();
create or replace trigger version before update on control_snapshots for each row execute function lyceum.version();
-- Not of inserts: the row itself is the record, and its figures are long.
create or replace trigger audit after update on control_snapshots for each row execute function lyceum.audit();

create or replace function lyceum.take_control_snapshots() returns integer
    language plpgsql
as $$
declare
    v_school integer := lyceum.current_school();
    v_today date := lyceum.today();
    v_monday date := v_today - extract(isodow from v_today)::integer + 1;
    v_span record;
    v_taken integer := 0;
begin
    for v_span in
        select 'week' as kind, v_monday - 7 as first, v_monday - 1 as last
        where exists (
            select from public.lessons l
            where l.school_id = v_school and l.date between v_monday - 7 and v_monday - 1 and l.state <> 'cancelled'
        )
        union
        -- A server that was off for a week still takes it.
        select 'term', t.starts_on, t.ends_on
        from public.terms t
        where t.school_id = v_school and t.ends_on between v_today - 14 and v_today - 1
        order by kind, first
    loop
        if not exists (
            select from public.control_snapshots x
            where x.school_id = v_school and x.kind = v_span.kind and x.starts_on = v_span.first and x.ends_on = v_span.last
        ) then
            insert into public.control_snapshots (school_id, kind, starts_on, ends_on)
            values (v_school, v_span.kind, v_span.first, v_span.last)
            on conflict do nothing;
            v_taken := v_taken + 1;
        end if;
    end loop;
    return v_taken;
end
$$;
comment on function lyceum.take_control_snapshots() is
    'Takes the snapshots of the last week and of terms that have ended in the last two weeks, once each. Returns how many.';
grant execute on function lyceum.take_control_snapshots() to lyceum_app;
