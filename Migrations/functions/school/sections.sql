create or replace function lyceum.guard_section() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'LYL02', message = 'not_movable', detail = 'Subject, group and year of a section never change.';
end
$$;

create or replace trigger guard before update on sections
    for each row
    when ((new.academic_year_id, new.subject_id, new.group_id)
        is distinct from (old.academic_year_id, old.subject_id, old.group_id))
    execute function lyceum.guard_section();

create or replace function lyceum.unlocked(p_school integer, p_section uuid, p_date date) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.unlocks u
        where u.school_id = p_school
            and u.section_id = p_section
            and u.starts_on <= p_date
            and u.ends_on >= p_date
            and u.expires_on >= lyceum.today()
            and u.revoked_at is null
    );
end
$$;
comment on function lyceum.unlocked(integer, uuid, date) is
    'M4: whether lessons of the section on the date are unlocked today.';

create or replace function lyceum.teaches(p_school integer, p_user uuid, p_section uuid, p_date date) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.section_teachers t
        where t.school_id = p_school
            and t.section_id = p_section
            and t.teacher_id = p_user
            and lyceum.holds(t.starts_on, t.ends_on, p_date)
    );
end
$$;
comment on function lyceum.teaches(integer, uuid, uuid, date) is
    'A4: whether the person is a teacher of the section on the date.';
