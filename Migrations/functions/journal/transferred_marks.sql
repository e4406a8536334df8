create or replace function lyceum.transferred_mark_refusal(
    p_school integer, p_student uuid, p_year uuid, p_date date, p_kind text, p_number integer, p_code text
) returns text
    language plpgsql stable
as $$
declare
    v_year public.academic_years;
    v_grade_level smallint := lyceum.grade_level_in(p_school, p_student, p_year);
    v_min integer;
    v_max integer;
begin
    select y.* into v_year from public.academic_years y where y.school_id = p_school and y.id = p_year;
    if v_year.id is null then
        return 'not_found';
    end if;
    select coalesce(t.scale_min, 2), coalesce(t.scale_max, 5) into v_min, v_max
    from (select) one
    left join public.school_settings t on t.school_id = p_school;
    return case
        when v_grade_level is null then 'not_a_member'
        when p_date > lyceum.today() then 'lesson_in_future'
        when lyceum.today() > (
            select min(t.marks_close_on)
            from public.terms t
            where t.school_id = p_school
                and t.academic_year_id = p_year
                and v_grade_level = any (t.grade_levels)
                and p_date between t.starts_on and t.ends_on
        ) then 'edit_window_closed'
        when p_kind is null then null
        when lyceum.is_before_marks(v_grade_level, p_date, v_year.second_half_starts_on) then 'marks_not_allowed'
        when p_kind = 'number' and p_number not between v_min and v_max then 'value_not_allowed'
    end;
end
$$;
comment on function lyceum.transferred_mark_refusal(integer, uuid, uuid, date, text, integer, text) is
    'Why the mark from another school may not be written today; null when it may: not_a_member (not enrolled in that year), '
    'lesson_in_future, edit_window_closed (M4: the term is closed for marks), marks_not_allowed (M1), value_not_allowed (M2).';

create or replace function lyceum.record_transferred_mark() returns trigger
    language plpgsql
as $$
declare
    v_refusal text;
begin
    if tg_op = 'INSERT' then
        new.version := 1;
        new.changed_at := now();
        new.changed_xid := pg_current_xact_id();
    else
        new.first_recorded_at := old.first_recorded_at;
    end if;
    if not exists (
        select
        from public.academic_years y
        where y.school_id = new.school_id and y.id = new.academic_year_id and new.date between y.starts_on and y.ends_on
    ) then
        raise exception using
            errcode = 'check_violation', table = 'transferred_marks', constraint = 'transferred_marks_in_year',
            message = 'outside_year', detail = 'The date is outside the academic year.';
    end if;
    -- L5: takes turns with a transaction that removes the student's enrollment.
    perform from public.students s where s.school_id = new.school_id and s.id = new.student_id for share;
    v_refusal := lyceum.transferred_mark_refusal(
        new.school_id, new.student_id, new.academic_year_id, new.date, new.kind, new.number, new.code
    );
    if v_refusal is not null then
        raise exception using
            errcode = lyceum.refusal_state(v_refusal), message = v_refusal,
            detail = format('Mark of student %s from another school on %s.', new.student_id, new.date);
    end if;
    new.recorded_by := coalesce(lyceum.current_user_id(), new.recorded_by);
    return new;
end
$$;

create or replace trigger record before insert on transferred_marks
    for each row execute function lyceum.record_transferred_mark();
create or replace trigger record_again before update on transferred_marks
    for each row when ((new.kind, new.number, new.code, new.weight) is distinct from (old.kind, old.number, old.code, old.weight))
    execute function lyceum.record_transferred_mark();
create or replace trigger fixed before update on transferred_marks
    for each row when (
        (new.student_id, new.subject_id, new.academic_year_id, new.date, new.work, new.ordinal)
            is distinct from (old.student_id, old.subject_id, old.academic_year_id, old.date, old.work, old.ordinal)
    )
    execute function lyceum.refuse_move();
create or replace trigger version before update on transferred_marks for each row execute function lyceum.version();

create or replace function lyceum.record_transferred_mark_history() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_old public.transferred_marks;
begin
    if tg_op = 'UPDATE' then
        v_old := old;
    end if;
    insert into public.transferred_mark_history (
        school_id, transferred_mark_id, version, student_id, old_kind, old_number, old_code, old_weight,
        new_kind, new_number, new_code, new_weight, changed_by, changed_at, reason, request_id
    ) values (
        new.school_id, new.id, new.version, new.student_id, v_old.kind, v_old.number, v_old.code, v_old.weight,
        new.kind, new.number, new.code, new.weight, nullif(current_setting('lyceum.user_id', true), '')::uuid, now(),
        nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), '')
    );
    return null;
end
$$;
revoke execute on function lyceum.record_transferred_mark_history() from public;

create or replace trigger history after insert on transferred_marks
    for each row execute function lyceum.record_transferred_mark_history();
create or replace trigger history_again after update on transferred_marks
    for each row when (new.version <> old.version) execute function lyceum.record_transferred_mark_history();
