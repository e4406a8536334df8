-- M1 rests on the second half: grade 2 gets marks from its first day on. Years whose dates do not change are not checked: those from
-- before these bounds stand, and can be closed.
create or replace function lyceum.check_year() returns trigger
    language plpgsql
as $$
begin
    -- In days after the first: at least 240 days, at most 370.
    if new.ends_on - new.starts_on not between 239 and 369 then
        raise exception using
            errcode = 'check_violation', table = 'academic_years', constraint = 'academic_years_length',
            message = 'not_a_year', detail = 'A year has 240 to 370 days.';
    end if;
    if (new.second_half_starts_on - new.starts_on) * 3
        not between new.ends_on - new.starts_on and (new.ends_on - new.starts_on) * 2 then
        raise exception using
            errcode = 'check_violation', table = 'academic_years', constraint = 'academic_years_second_half',
            message = 'not_mid_year', detail = 'The second half begins in the middle third of the year.';
    end if;
    return null;
end
$$;

create or replace trigger bounds after insert on academic_years for each row execute function lyceum.check_year();
create or replace trigger bounds_again after update on academic_years
    for each row when (
        (new.starts_on, new.ends_on, new.second_half_starts_on)
            is distinct from (old.starts_on, old.ends_on, old.second_half_starts_on)
    )
    execute function lyceum.check_year();

create or replace function lyceum.place_term() returns trigger
    language plpgsql
as $$
declare
    v_starts_on date;
    v_ends_on date;
begin
    -- The lock serializes writers of one year's terms, so that the check below sees their rows.
    select y.starts_on, y.ends_on into v_starts_on, v_ends_on
    from public.academic_years y
    where y.school_id = new.school_id and y.id = new.academic_year_id
    for no key update;

    if new.starts_on < v_starts_on or new.ends_on > v_ends_on then
        raise exception using
            errcode = 'check_violation', table = 'terms', constraint = 'terms_inside_year',
            message = 'term_outside_year', detail = 'The term is not inside its academic year.';
    end if;
    if exists (
        select from public.terms t
        where t.school_id = new.school_id
            and t.academic_year_id = new.academic_year_id
            and t.id <> new.id
            and t.starts_on <= new.ends_on
            and t.ends_on >= new.starts_on
            and t.grade_levels && new.grade_levels
    ) then
        raise exception using
            errcode = 'exclusion_violation', table = 'terms', constraint = 'terms_no_overlap',
            message = 'term_overlap', detail = 'Another term of the year serves a grade level of this one on the same days.';
    end if;
    return null;
end
$$;

drop trigger if exists place on terms;
create constraint trigger place after insert or update on terms
    deferrable initially immediate for each row execute function lyceum.place_term();
