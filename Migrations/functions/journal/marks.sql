create or replace function lyceum.mark_value(p_kind text, p_number smallint, p_code text, p_due_on date) returns json
    language sql stable parallel safe
    return case p_kind
        when 'number' then
            case p_number
                when 5 then json '{"kind":"number","number":5}'
                when 4 then json '{"kind":"number","number":4}'
                when 3 then json '{"kind":"number","number":3}'
                when 2 then json '{"kind":"number","number":2}'
                else ('{"kind":"number","number":' || p_number || '}')::json
            end
        when 'code' then
            ('{"kind":"code","code":"' || p_code || case when p_due_on is null then '"}' else '","due_on":"' || p_due_on || '"}' end)::json
    end;
comment on function lyceum.mark_value(text, smallint, text, date) is
    'M2: a value as the API shows it; null for a cleared mark.';

create or replace function lyceum.pays_debt(p_debt date, p_kind text, p_code text, p_today date, p_marks_close_on date)
    returns boolean
    language sql immutable parallel safe
    return p_debt is not null and p_today <= p_debt and (p_marks_close_on is null or p_today <= p_marks_close_on)
        and p_kind is not null and p_code is distinct from 'owed';
comment on function lyceum.pays_debt(date, text, text, date, date) is
    'M4: whether the value pays a mark that is owed until p_debt, in time: the edit window does not matter then. Inlined.';

create or replace function lyceum.mark_refusals(
    p_school integer, p_line_items uuid[], p_students uuid[], p_kinds text[], p_numbers integer[], p_codes text[],
    p_due_ons date[], p_debts date[]
) returns table (ordinal bigint, refusal text)
    language plpgsql stable rows 25
    set plan_cache_mode = force_generic_plan -- otherwise arrays of one row are planned at each call
as $$
#variable_conflict use_column
declare
    v_today date := lyceum.today();
begin
    return query
    with columns as materialized (
        select li.id, li.deleted_at, l.date, l.state, l.section_id, s.grading, s.group_id, s.academic_year_id,
            y.second_half_starts_on, coalesce(ss.scale_min, 2) as scale_min, coalesce(ss.scale_max, 5) as scale_max,
            ss.edit_window_days
        from public.line_items li
        join public.lessons l on l.school_id = p_school and l.id = li.lesson_id
        join public.sections s on s.school_id = p_school and s.id = l.section_id
        join public.academic_years y on y.school_id = p_school and y.id = s.academic_year_id
        left join public.school_settings ss on ss.school_id = p_school
        where li.school_id = p_school and li.id = any (p_line_items)
    ),
    members as materialized (
        select m.group_id, m.student_id, m.starts_on, m.ends_on
        from public.group_members m
        where m.school_id = p_school
            and m.student_id = any (p_students)
            and m.group_id in (select l.group_id from columns l)
    ),
    pupils as materialized (
        select e.student_id, e.starts_on, e.ends_on, c.grade_level
        from public.enrollments e
        join public.classes c on c.school_id = p_school and c.id = e.class_id
        where e.school_id = p_school and e.student_id = any (p_students)
    ),
    closings as materialized (
        select t.academic_year_id, t.starts_on, t.ends_on, t.marks_close_on, t.grade_levels
        from public.terms t
        where t.school_id = p_school and t.academic_year_id in (select l.academic_year_id from columns l)
    )
    select
        i.ordinal,
        coalesce(
            case
                when l.id is null then 'not_found'
                when i.kind is null and i.number is null and i.code is null then null
                when l.deleted_at is not null then 'line_item_deleted'
                when l.state = 'cancelled' then 'lesson_cancelled'
                when m.starts_on is null or c.grade_level is null then 'not_a_member'
                when l.grading = 'none' or lyceum.is_before_marks(c.grade_level, l.date, l.second_half_starts_on)
                    then 'marks_not_allowed'
                when not coalesce(
                    case i.kind
                        when 'number' then
                            l.grading = 'marks' and i.number between l.scale_min and l.scale_max and i.code is null
                        when 'code' then
                            i.number is null
                            and (i.code in ('pass', 'fail') or (l.grading = 'marks' and i.code in ('exempt', 'owed')))
                    end,
                    false
                ) then 'value_not_allowed'
                when i.due_on > t.marks_close_on
                    and i.due_on > greatest(t.marks_close_on, lyceum.unlocked_until(p_school, l.section_id, l.date))
                    then 'due_after_close'
            end,
            case
                when l.date > v_today then 'lesson_in_future'
                when v_today > lyceum.editable_until(l.date, l.edit_window_days, t.marks_close_on, null)
                    and not lyceum.pays_debt(i.debt, i.kind, i.code, v_today, t.marks_close_on)
                    and not lyceum.unlocked(p_school, l.section_id, l.date) then 'edit_window_closed'
            end,
            -- A mark that should not exist may always be cleared within the window.
            case
                when m.starts_on is null and not exists (
                    select
                    from public.marks k
                    where k.school_id = p_school
                        and k.line_item_id = i.line_item_id
                        and k.student_id = i.student_id
                        and k.kind is not null
                ) then 'not_a_member'
            end
        )
    from unnest(p_line_items, p_students, p_kinds, p_numbers, p_codes, p_due_ons, p_debts)
        with ordinality as i (line_item_id, student_id, kind, number, code, due_on, debt, ordinal)
    left join columns l on l.id = i.line_item_id
    left join members m
        on m.group_id = l.group_id
        and m.student_id = i.student_id
        and lyceum.holds(m.starts_on, m.ends_on, l.date)
    left join pupils c
        on c.student_id = i.student_id
        and lyceum.holds(c.starts_on, c.ends_on, l.date)
    left join closings t
        on t.academic_year_id = l.academic_year_id
        and t.starts_on <= l.date
        and t.ends_on >= l.date
        and c.grade_level = any (t.grade_levels);
end
$$;
comment on function lyceum.mark_refusals(integer, uuid[], uuid[], text[], integer[], text[], date[], date[]) is
    'Why marks may not be written today, for a whole batch in one plan; refusal is null when one may be written. '
    'Order of the checks: not_found, line_item_deleted, lesson_cancelled, not_a_member (M3), marks_not_allowed (M1), '
    'value_not_allowed (M2), due_after_close (M4), lesson_in_future, edit_window_closed (M4). If all three values are null, the '
    'mark is cleared: only M4 can refuse that, or not_a_member if there is no mark. p_debts: the days by which the marks are due that '
    'the cells hold before the write; null for all other marks.';

create or replace function lyceum.mark_refusal(
    p_school integer, p_line_item uuid, p_student uuid, p_kind text, p_number integer, p_code text
) returns text
    language plpgsql stable
as $$
begin
    return (
        select r.refusal
        from lyceum.mark_refusals(
            p_school, array[p_line_item], array[p_student], array[p_kind], array[p_number], array[p_code], null, null
        ) r
    );
end
$$;
comment on function lyceum.mark_refusal(integer, uuid, uuid, text, integer, text) is
    'Like lyceum.mark_refusals, for one new mark without a due date.';

create or replace function lyceum.record_mark() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        new.version := 1;
        new.changed_at := now();
        new.changed_xid := pg_current_xact_id();
    else
        if (new.line_item_id, new.student_id) is distinct from (old.line_item_id, old.student_id) then
            raise exception using
                errcode = 'LYL02', message = 'not_movable', detail = 'A mark never changes its column or pupil.';
        end if;
        new.first_recorded_at := old.first_recorded_at;
    end if;
    new.recorded_by := coalesce(lyceum.current_user_id(), new.recorded_by);
    return new;
end
$$;

create or replace trigger record before insert on marks for each row execute function lyceum.record_mark();
create or replace trigger record_again before update on marks
    for each row when (
        (new.line_item_id, new.student_id, new.kind, new.number, new.code, new.due_on, new.comment, new.first_recorded_at, new.recorded_by)
            is distinct from
            (old.line_item_id, old.student_id, old.kind, old.number, old.code, old.due_on, old.comment, old.first_recorded_at, old.recorded_by)
    )
    execute function lyceum.record_mark();

-- Once per statement: a rule costs one plan for all rows of a batch, and an upsert is not checked twice.
create or replace function lyceum.check_written_marks() returns trigger
    language plpgsql
as $$
declare
    v_batch record;
    v_refused record;
begin
    for v_batch in
        select
            n.school_id, array_agg(n.line_item_id) as line_items, array_agg(n.student_id) as students,
            array_agg(n.kind) as kinds, array_agg(n.number::integer) as numbers, array_agg(n.code) as codes,
            array_agg(n.due_on) as due_ons
        from written n
        group by n.school_id
    loop
        perform lyceum.hold_sections(v_batch.school_id, v_batch.line_items, null);
        select r.refusal, v_batch.students[r.ordinal] as student, v_batch.line_items[r.ordinal] as line_item
        into v_refused
        from lyceum.mark_refusals(
            v_batch.school_id, v_batch.line_items, v_batch.students, v_batch.kinds, v_batch.numbers, v_batch.codes,
            v_batch.due_ons, null
        ) r
        -- The foreign key refuses ids that do not exist.
        where r.refusal <> 'not_found'
        order by r.ordinal
        limit 1;

        if found then
            raise exception using
                errcode = lyceum.refusal_state(v_refused.refusal),
                message = v_refused.refusal,
                detail = format('Mark of pupil %s in column %s.', v_refused.student, v_refused.line_item);
        end if;
    end loop;
    return null;
end
$$;

create or replace trigger rules after insert on marks
    referencing new table as written
    for each statement execute function lyceum.check_written_marks();

create or replace function lyceum.check_rewritten_marks() returns trigger
    language plpgsql
as $$
declare
    v_batch record;
    v_refused record;
begin
    for v_batch in
        select
            n.school_id, array_agg(n.line_item_id) as line_items, array_agg(n.student_id) as students,
            array_agg(n.kind) as kinds, array_agg(n.number::integer) as numbers, array_agg(n.code) as codes,
            array_agg(n.due_on) as due_ons, array_agg(o.due_on) as debts
        from written n
        join overwritten o on o.school_id = n.school_id and o.id = n.id
        -- Publishing (M12) does not change the mark, so the window does not apply.
        where (n.kind, n.number, n.code, n.due_on, n.comment)
            is distinct from (o.kind, o.number, o.code, o.due_on, o.comment)
        group by n.school_id
    loop
        perform lyceum.hold_sections(v_batch.school_id, v_batch.line_items, null);
        select r.refusal, v_batch.students[r.ordinal] as student, v_batch.line_items[r.ordinal] as line_item
        into v_refused
        from lyceum.mark_refusals(
            v_batch.school_id, v_batch.line_items, v_batch.students, v_batch.kinds, v_batch.numbers, v_batch.codes,
            v_batch.due_ons, v_batch.debts
        ) r
        where r.refusal <> 'not_found'
            -- The function no longer sees the mark that was cleared.
            and not (r.refusal = 'not_a_member' and v_batch.kinds[r.ordinal] is null)
        order by r.ordinal
        limit 1;

        if found then
            raise exception using
                errcode = lyceum.refusal_state(v_refused.refusal),
                message = v_refused.refusal,
                detail = format('Mark of pupil %s in column %s.', v_refused.student, v_refused.line_item);
        end if;
    end loop;
    return null;
end
$$;

create or replace trigger rules_again after update on marks
    referencing old table as overwritten new table as written
    for each statement execute function lyceum.check_rewritten_marks();
