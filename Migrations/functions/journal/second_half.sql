-- M1 again: the day from which grade 2 gets marks may not move behind marks.
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
            and lyceum.grade_level_on(k.school_id, k.student_id, l.date) = 2
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

-- M1 again: nor may it move behind finals of terms.
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

create or replace trigger second_half_of_finals after update on academic_years
    for each row when (new.second_half_starts_on > old.second_half_starts_on)
    execute function lyceum.guard_second_half_of_finals();
