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
