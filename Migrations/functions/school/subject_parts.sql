-- M11: composite subjects

-- A part has no parts, and a composite subject is no part.
create or replace function lyceum.guard_subject_part() returns trigger
    language plpgsql
as $$
begin
    -- Takes turns with the other writers of the year's parts.
    perform from public.academic_years y where y.school_id = new.school_id and y.id = new.academic_year_id for no key update;
    if exists (
        select
        from public.subject_parts p
        where p.school_id = new.school_id and p.academic_year_id = new.academic_year_id and p.id <> new.id
            and (p.part_id = new.subject_id or p.subject_id = new.part_id)
    ) then
        raise exception using
            errcode = 'check_violation', table = 'subject_parts', constraint = 'subject_parts_one_level',
            message = 'one_level', detail = 'A part of a composite subject is no composite subject.';
    end if;
    return new;
end
$$;
create or replace trigger one_level before insert or update on subject_parts
    for each row execute function lyceum.guard_subject_part();

-- A composite subject is declared once: the next year begins with the parts of the year before.
create or replace function lyceum.copy_subject_parts() returns trigger
    language plpgsql
as $$
begin
    insert into public.subject_parts (school_id, id, academic_year_id, subject_id, part_id)
    select p.school_id, gen_random_uuid(), new.id, p.subject_id, p.part_id
    from public.subject_parts p
    where p.school_id = new.school_id and p.academic_year_id = (
        select y.id
        from public.academic_years y
        where y.school_id = new.school_id and y.starts_on < new.starts_on
        order by y.starts_on desc
        limit 1
    );
    return null;
end
$$;
create or replace trigger subject_parts after insert on academic_years
    for each row execute function lyceum.copy_subject_parts();

create or replace trigger version before update on subject_parts for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on subject_parts for each row execute function lyceum.audit();
