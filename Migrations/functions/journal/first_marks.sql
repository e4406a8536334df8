-- M1: no marks in grade 1, and none in grade 2 before the second half of the year. M2: a section with marks keeps its grading.

create or replace function lyceum.is_before_marks(p_grade_level smallint, p_day date, p_second_half_starts_on date) returns boolean
    language sql immutable parallel safe
    return case p_grade_level
        when 1 then true
        when 2 then coalesce(p_day < p_second_half_starts_on, false)
        else false
    end;
comment on function lyceum.is_before_marks(smallint, date, date) is
    'M1: whether a student of the grade level gets no marks on the day. For the final mark of a term, pass the '
    'term''s last day; for that of a year, null. False without a grade level. Inlined.';

-- M1: the day from which grade 2 gets marks may not move to a later day if there are marks before that day.
create or replace function lyceum.guard_second_half() returns trigger
    language plpgsql
as $$
begin
    if exists (
        select
        from public.sections s
        join public.lessons l on l.school_id = s.school_id and l.section_id = s.id
        join public.line_items li on li.school_id = l.school_id and li.lesson_id = l.id
        join public.marks k on k.school_id = li.school_id and k.line_item_id = li.id
        where s.school_id = new.school_id
            and s.academic_year_id = new.id
            and l.date >= old.second_half_starts_on
            and l.date < new.second_half_starts_on
            and k.kind is not null
            and lyceum.is_before_marks(
                lyceum.grade_level_on(k.school_id, k.student_id, l.date), l.date, new.second_half_starts_on
            )
    ) then
        raise exception using
            errcode = 'LYM01', message = 'marks_not_allowed', detail = 'Grade 2 has marks before the new day.';
    end if;
    return null;
end
$$;

create or replace trigger second_half after update on academic_years
    for each row when (new.second_half_starts_on > old.second_half_starts_on)
    execute function lyceum.guard_second_half();

-- M1: the same for final marks of terms.
create or replace function lyceum.guard_second_half_of_finals() returns trigger
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
            and lyceum.is_before_marks(
                lyceum.grade_level_in(k.school_id, k.student_id, new.id), t.ends_on, new.second_half_starts_on
            )
    ) then
        raise exception using
            errcode = 'LYM01', message = 'marks_not_allowed', detail = 'Grade 2 has finals of terms before the new day.';
    end if;
    return null;
end
$$;

create or replace trigger second_half_of_finals after update on academic_years
    for each row when (new.second_half_starts_on > old.second_half_starts_on)
    execute function lyceum.guard_second_half_of_finals();

-- M1: with the first day the middle third of the year would move, and with it the first day on which the second half may begin.
create or replace function lyceum.guard_first_day() returns trigger
    language plpgsql
as $$
begin
    if exists (
        select
        from public.sections s
        join public.lessons l on l.school_id = s.school_id and l.section_id = s.id
        where s.school_id = new.school_id and s.academic_year_id = new.id
            and lyceum.lesson_has_records(l.school_id, l.id)
    ) then
        raise exception using
            errcode = 'check_violation', table = 'academic_years', constraint = 'academic_years_first_day',
            message = 'year_has_records', detail = 'Lessons of the year have marks or attendance.';
    end if;
    return null;
end
$$;

create or replace trigger first_day after update on academic_years
    for each row when (new.starts_on <> old.starts_on)
    execute function lyceum.guard_first_day();

-- M1, M2: the marks of a section are those of its grading, so with the first mark the grading is fixed.
create or replace function lyceum.guard_grading() returns trigger
    language plpgsql
as $$
begin
    if exists (
        select
        from public.line_items i
        join public.marks k on k.school_id = i.school_id and k.line_item_id = i.id and k.kind is not null
        where i.school_id = new.school_id and i.section_id = new.id
    ) or exists (
        select
        from public.final_marks f
        where f.school_id = new.school_id and f.section_id = new.id and f.value_kind is not null
    ) then
        raise exception using
            errcode = 'check_violation', table = 'sections', constraint = 'sections_grading',
            message = 'section_has_marks', detail = 'The section has marks, so its grading does not change.';
    end if;
    return null;
end
$$;

create or replace trigger grading after update on sections
    for each row when (new.grading <> old.grading)
    execute function lyceum.guard_grading();
