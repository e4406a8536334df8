create or replace trigger fixed before update on sections
    for each row
    when ((new.academic_year_id, new.subject_id, new.group_id)
        is distinct from (old.academic_year_id, old.subject_id, old.group_id))
    execute function lyceum.refuse_move();

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

create or replace function lyceum.unlocked_until(p_school integer, p_section uuid, p_date date) returns date
    language plpgsql stable
as $$
begin
    return (
        select max(u.expires_on)
        from public.unlocks u
        where u.school_id = p_school
            and u.section_id = p_section
            and u.starts_on <= p_date
            and u.ends_on >= p_date
            and u.revoked_at is null
    );
end
$$;
comment on function lyceum.unlocked_until(integer, uuid, date) is
    'M4: the last day on which an unlock opens lessons of the section on the date. It may lie in the past.';

-- M4: a head or deputy head grants and revokes an unlock, in their own name. The owner's command line has no person.
create or replace function lyceum.guard_unlock() returns trigger
    language plpgsql
as $$
declare
    v_person uuid := coalesce(lyceum.current_user_id(), case when not row_security_active('public.unlocks') then new.granted_by end);
begin
    if tg_op = 'UPDATE' and (
        to_jsonb(new) - '{revoked_at,revoked_by}'::text[] <> to_jsonb(old) - '{revoked_at,revoked_by}'::text[]
        or old.revoked_at is not null
    ) then
        raise exception using
            errcode = 'LYM06', message = 'not_movable',
            detail = 'An unlock can only be revoked, once. To change anything else, grant another one.';
    end if;
    if not exists (
        select
        from public.user_roles r
        where r.school_id = new.school_id and r.user_id = v_person and r.role in ('head', 'deputy_head')
    ) or (tg_op = 'INSERT' and coalesce(new.granted_by <> v_person, false)) then
        raise exception using
            errcode = 'LYM06', message = 'forbidden',
            detail = 'A head or deputy head grants and revokes an unlock, in their own name.';
    end if;
    if tg_op = 'UPDATE' then
        new.revoked_at := now();
        new.revoked_by := lyceum.current_user_id();
        return new;
    end if;

    new.granted_by := v_person;
    new.granted_at := now();
    if new.expires_on < lyceum.today() then
        raise exception using
            errcode = 'check_violation', table = 'unlocks', constraint = 'unlocks_expires_on',
            message = 'in_the_past', detail = 'The unlock would have expired already.';
    end if;
    if not exists (
        select
        from public.sections s
        join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
        where s.school_id = new.school_id and s.id = new.section_id
            and y.starts_on <= new.starts_on and y.ends_on >= new.ends_on
    ) then
        raise exception using
            errcode = 'check_violation', table = 'unlocks', constraint = 'unlocks_in_year',
            message = 'outside_year', detail = 'The dates are outside the academic year of the section.';
    end if;
    return new;
end
$$;

create or replace trigger guard before insert on unlocks for each row execute function lyceum.guard_unlock();
create or replace trigger guard_again before update on unlocks
    for each row when (new is distinct from old) execute function lyceum.guard_unlock();

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
