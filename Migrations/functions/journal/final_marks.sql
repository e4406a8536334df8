create or replace function lyceum.final_refusal(
    p_school integer, p_student uuid, p_year uuid, p_kind text, p_term uuid, p_section uuid, p_source text,
    p_value_kind text, p_number integer, p_code text
) returns text
    language plpgsql stable
as $$
declare
    v_grade_level smallint;
    v_year_state text;
    v_second_half date;
    v_term_ends_on date;
    v_marks_close_on date;
    v_grading text;
    v_scale_min integer;
    v_scale_max integer;
begin
    select
        y.state, y.second_half_starts_on, t.ends_on, t.marks_close_on, s.grading,
        coalesce(ss.scale_min, 2), coalesce(ss.scale_max, 5),
        lyceum.grade_level_in(p_school, p_student, p_year)
    into v_year_state, v_second_half, v_term_ends_on, v_marks_close_on, v_grading, v_scale_min, v_scale_max, v_grade_level
    from public.academic_years y
    left join public.terms t on t.school_id = y.school_id and t.id = p_term and t.academic_year_id = y.id
    left join public.sections s on s.school_id = y.school_id and s.id = p_section
    left join public.school_settings ss on ss.school_id = y.school_id
    where y.school_id = p_school and y.id = p_year;

    if not found or (p_term is not null and v_term_ends_on is null) then
        return 'not_found';
    end if;
    if p_value_kind is not null or p_number is not null or p_code is not null then
        if v_grade_level is null and p_source = 'own' then
            return 'not_a_member';
        end if;
        -- The final mark of a year has no term, and so no day.
        if v_grading = 'none' or lyceum.is_before_marks(v_grade_level, v_term_ends_on, v_second_half) then
            return 'marks_not_allowed';
        end if;
        if not coalesce(
            case p_value_kind
                when 'number' then
                    v_grading is distinct from 'pass_fail' and p_number between v_scale_min and v_scale_max and p_code is null
                when 'code' then
                    p_number is null
                    and (
                        p_code in ('pass', 'fail', 'not_assessed', 'exempt')
                        or (p_code = 'owed' and v_grading is distinct from 'pass_fail')
                    )
            end,
            false
        ) then
            return 'value_not_allowed';
        end if;
    end if;
    if p_source = 'own' then
        if p_kind = 'term' then
            if lyceum.today() > v_marks_close_on
                and (p_section is null or not lyceum.unlocked(p_school, p_section, v_term_ends_on)) then
                return 'edit_window_closed';
            end if;
        elsif v_year_state = 'closed' then
            return 'edit_window_closed';
        end if;
    end if;
    return null;
end
$$;
comment on function lyceum.final_refusal(integer, uuid, uuid, text, uuid, uuid, text, text, integer, text) is
    'Why the final mark may not be written today; null when it may. Codes: not_found, not_a_member (not enrolled in '
    'that year), marks_not_allowed (M1: grade 1; grade 2 in terms that end before the second half; the year mark of '
    'grade 2 is allowed), value_not_allowed (M2), edit_window_closed (M4: after marks_close_on without an unlock for '
    'the term''s last day, or year closed).';

create or replace function lyceum.record_final_mark() returns trigger
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
        if (new.student_id, new.subject_id, new.academic_year_id, new.kind, new.term_id)
            is distinct from (old.student_id, old.subject_id, old.academic_year_id, old.kind, old.term_id) then
            raise exception using
                errcode = 'LYL02', message = 'not_movable', detail = 'A final never changes its pupil, subject, year or term.';
        end if;
        new.first_recorded_at := old.first_recorded_at;
    end if;
    -- L5: takes turns with a transaction that removes the student's enrollment.
    perform from public.students s where s.school_id = new.school_id and s.id = new.student_id for share;
    v_refusal := lyceum.final_refusal(
        new.school_id, new.student_id, new.academic_year_id, new.kind, new.term_id, new.section_id, new.source,
        new.value_kind, new.number, new.code
    );
    if v_refusal <> 'not_found' then
        raise exception using
            errcode = lyceum.refusal_state(v_refusal),
            message = v_refusal,
            detail = format('Final of pupil %s in subject %s.', new.student_id, new.subject_id);
    end if;
    new.recorded_by := coalesce(lyceum.current_user_id(), new.recorded_by);
    return new;
end
$$;

create or replace trigger record before insert on final_marks for each row execute function lyceum.record_final_mark();
create or replace trigger record_again before update on final_marks
    for each row when (
        (new.student_id, new.subject_id, new.academic_year_id, new.kind, new.term_id, new.section_id, new.source,
            new.value_kind, new.number, new.code, new.due_on, new.exam_points, new.reason, new.comment,
            new.first_recorded_at, new.recorded_by)
        is distinct from
        (old.student_id, old.subject_id, old.academic_year_id, old.kind, old.term_id, old.section_id, old.source,
            old.value_kind, old.number, old.code, old.due_on, old.exam_points, old.reason, old.comment,
            old.first_recorded_at, old.recorded_by)
    )
    execute function lyceum.record_final_mark();

create or replace function lyceum.hold_student() returns trigger
    language plpgsql
as $$
begin
    perform from public.students s where s.school_id = new.school_id and s.id = new.student_id for share;
    return new;
end
$$;
comment on function lyceum.hold_student() is
    'Takes turns with writers of the student''s memberships: a final mark is logged in the journals of the sections that the student '
    'belongs to.';

create or replace trigger hold before update on final_marks for each row execute function lyceum.hold_student();
