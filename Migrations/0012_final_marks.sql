-- migrate:up

create table final_marks (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    subject_id uuid not null,
    academic_year_id uuid not null,
    kind text not null,
    term_id uuid,
    section_id uuid,
    value_kind text,
    number smallint,
    code text,
    due_on date,
    exam_points smallint,
    source text not null default 'own',
    average_at_the_time numeric(6, 4),
    reason text,
    comment text,
    published_at timestamptz default now(),
    first_recorded_at timestamptz not null default now(),
    recorded_by uuid default lyceum.current_user_id(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, subject_id) references subjects,
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, term_id) references terms,
    foreign key (school_id, section_id) references sections,
    constraint final_marks_key unique nulls not distinct (
        school_id, student_id, subject_id, academic_year_id, kind, term_id
    ),
    constraint final_marks_kind check (kind in ('term', 'year', 'exam', 'final')),
    constraint final_marks_term check ((term_id is not null) = (kind = 'term')),
    constraint final_marks_source check (source in ('own', 'transferred')),
    constraint final_marks_value check (
        case
            when value_kind is null then number is null and code is null
            when value_kind = 'number' then number is not null and number between 1 and 5 and code is null
            when value_kind = 'code' then
                number is null and code is not null and code in ('pass', 'fail', 'exempt', 'owed', 'not_assessed')
            else false
        end
    ),
    constraint final_marks_due_on check ((due_on is not null) = (code is not null and code = 'owed')),
    constraint final_marks_exam_points check (
        exam_points is null or (exam_points between 0 and 100 and kind in ('exam', 'final'))
    )
);
comment on table final_marks is
    'M10: finals of a pupil in a subject: of a term, the year, an exam, the final one. They follow the pupil, not the section. '
    'A cleared final keeps its row with a null value.';
comment on column final_marks.kind is 'What it is a final of. The value''s own kind is value_kind.';
comment on column final_marks.value_kind is 'number or code; null: cleared.';
comment on column final_marks.section_id is 'Section it was given in; null for marks from another school.';
comment on column final_marks.exam_points is 'Points of a state exam, 0 to 100; never a mark (M11).';
comment on column final_marks.source is 'transferred: given in another school.';
comment on column final_marks.average_at_the_time is 'M6: the weighted average at the moment the teacher gave the final.';
comment on column final_marks.reason is 'M7: why in spite of the norm, or the order of an exemption.';
create index final_marks_by_section on final_marks (school_id, section_id, term_id);
create index final_marks_by_term on final_marks (school_id, academic_year_id, kind, term_id);
call lyceum.protect('final_marks', 'select, insert, update');

create function lyceum.final_refusal(
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
        (
            select c.grade_level
            from public.enrollments e
            join public.classes c on c.school_id = e.school_id and c.id = e.class_id
            where e.school_id = p_school and e.student_id = p_student and c.academic_year_id = p_year
            order by e.starts_on desc
            limit 1
        )
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
        if v_grading = 'none'
            or v_grade_level = 1
            or (v_grade_level = 2 and p_kind = 'term' and v_term_ends_on < v_second_half) then
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
    'Why the final may not be written today, null when it may: not_found, not_a_member (not enrolled in that year), '
    'marks_not_allowed (M1: grade 1; grade 2 in terms that end before the second half; the year mark of grade 2 is allowed), '
    'value_not_allowed (M2), edit_window_closed (M4: after marks_close_on without an unlock over the term''s last day; year closed).';

create function lyceum.record_final_mark() returns trigger
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
                errcode = 'LYL02', message = 'mark_not_movable', detail = 'A final never changes its pupil, subject, year or term.';
        end if;
        new.first_recorded_at := old.first_recorded_at;
    end if;
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
create trigger record before insert on final_marks for each row execute function lyceum.record_final_mark();
create trigger record_again before update on final_marks
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
create trigger version before update on final_marks for each row execute function lyceum.version();

create table final_mark_history (
    school_id integer not null,
    final_mark_id uuid not null,
    version integer not null,
    student_id uuid not null,
    old_kind text,
    old_number smallint,
    old_code text,
    old_due_on date,
    old_exam_points smallint,
    old_reason text,
    old_comment text,
    new_kind text,
    new_number smallint,
    new_code text,
    new_due_on date,
    new_exam_points smallint,
    new_reason text,
    new_comment text,
    published_at timestamptz,
    changed_by uuid,
    changed_at timestamptz not null,
    reason text,
    request_id text,
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, final_mark_id, version)
);
comment on table final_mark_history is 'A5: every version of every final, append-only: the server''s role may only read.';
comment on column final_mark_history.version is 'The version the change led to.';
comment on column final_mark_history.old_kind is 'value_kind of the final.';
call lyceum.protect('final_mark_history', 'select');

create function lyceum.record_final_mark_history() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_old public.final_marks;
begin
    if tg_op = 'UPDATE' then
        v_old := old;
    end if;
    insert into public.final_mark_history (
        school_id, final_mark_id, version, student_id,
        old_kind, old_number, old_code, old_due_on, old_exam_points, old_reason, old_comment,
        new_kind, new_number, new_code, new_due_on, new_exam_points, new_reason, new_comment,
        published_at, changed_by, changed_at, reason, request_id
    ) values (
        new.school_id, new.id, new.version, new.student_id,
        v_old.value_kind, v_old.number, v_old.code, v_old.due_on, v_old.exam_points, v_old.reason, v_old.comment,
        new.value_kind, new.number, new.code, new.due_on, new.exam_points, new.reason, new.comment,
        new.published_at, nullif(current_setting('lyceum.user_id', true), '')::uuid, now(),
        nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), '')
    );
    return null;
end
$$;
revoke execute on function lyceum.record_final_mark_history() from public;

create trigger history after insert on final_marks for each row execute function lyceum.record_final_mark_history();
create trigger history_again after update on final_marks
    for each row when (new.version <> old.version) execute function lyceum.record_final_mark_history();

-- M1 again: nor may it move behind finals of terms.
create function lyceum.guard_second_half_of_finals() returns trigger
    language plpgsql
as $$
begin
    if exists (
        select
        from public.final_marks k
        join public.terms t on t.school_id = k.school_id and t.id = k.term_id
        where k.school_id = new.school_id
            and k.academic_year_id = new.id
            and k.kind = 'term'
            and k.value_kind is not null
            and t.ends_on >= old.second_half_starts_on
            and t.ends_on < new.second_half_starts_on
            and (
                select c.grade_level
                from public.enrollments e
                join public.classes c on c.school_id = e.school_id and c.id = e.class_id
                where e.school_id = k.school_id and e.student_id = k.student_id and c.academic_year_id = new.id
                order by e.starts_on desc
                limit 1
            ) = 2
    ) then
        raise exception using
            errcode = 'LYM01', message = 'marks_not_allowed', detail = 'Grade 2 has finals of terms before the new day.';
    end if;
    return null;
end
$$;
create trigger second_half_of_finals after update on academic_years
    for each row when (new.second_half_starts_on > old.second_half_starts_on)
    execute function lyceum.guard_second_half_of_finals();

-- migrate:down

drop trigger second_half_of_finals on academic_years;
drop function lyceum.guard_second_half_of_finals();

drop table final_mark_history;
drop table final_marks;
drop function lyceum.record_final_mark_history();
drop function lyceum.record_final_mark();
drop function lyceum.final_refusal(integer, uuid, uuid, text, uuid, uuid, text, text, integer, text);
