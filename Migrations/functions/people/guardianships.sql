create or replace function lyceum.is_own_guardian(p_guardian uuid) returns boolean
    language sql stable
    return case
        when lyceum.current_user_id() is not null then p_guardian = lyceum.current_user_id()
        else lyceum.current_client_id() is not null and (
            lyceum.is_staff(lyceum.current_school(), p_guardian)
            or exists (
                select from public.staff s
                where s.school_id = lyceum.current_school() and s.id = p_guardian and lyceum.lasts(s.left_on, lyceum.today())
            )
        )
    end;
comment on function lyceum.is_own_guardian(uuid) is
    'A3: whether the guardian is the person of the transaction. An integration acts for no person, but staff register it, so '
    'all staff count, also those without a role. For the command line nobody does.';

create or replace function lyceum.plain_basis(p_basis text) returns text
    language sql immutable parallel safe
    return lower(btrim(regexp_replace(coalesce(p_basis, ''), '[\s\u00a0]+', ' ', 'g')));
comment on function lyceum.plain_basis(text) is 'A3: the name of a document, to compare it without regard to case and spaces.';

create or replace function lyceum.check_guardianship() returns trigger
    language plpgsql
as $$
declare
    v_row public.guardianships := case tg_op when 'DELETE' then old else new end;
    v_opens boolean;
begin
    if tg_op <> 'INSERT' and lyceum.is_own_guardian(old.guardian_id)
        or tg_op <> 'DELETE' and lyceum.is_own_guardian(new.guardian_id) then
        raise exception using
            errcode = 'LYA06', message = 'own_guardianship', detail = 'A3: another person writes it.';
    end if;
    if tg_op = 'UPDATE' and (new.guardian_id, new.student_id) is distinct from (old.guardian_id, old.student_id) then
        raise exception using
            errcode = 'LYL02', message = 'not_movable', detail = 'A guardianship never changes its guardian or student.';
    end if;
    -- The writers of one guardian take turns, so that the rule below sees what another transaction has closed.
    perform
    from public.guardians g
    where g.school_id = v_row.school_id and g.id = v_row.guardian_id
    for no key update;
    if lyceum.current_user_id() is null and lyceum.current_client_id() is null then
        return v_row;
    end if;

    if tg_op = 'DELETE' then
        -- The rule below depends on the row.
        if old.access = 'none' then
            raise exception using
                errcode = 'LYA07', message = 'access_closed', detail = 'A3: a guardianship without access is not deleted.';
        end if;
        return old;
    end if;
    if new.ends_on < new.starts_on then
        -- guardianships_dates refuses it. There is no range of such days.
        return new;
    end if;
    if tg_op = 'UPDATE' and old.access = 'none' and lyceum.plain_basis(old.basis) <> ''
        and lyceum.plain_basis(new.basis) <> lyceum.plain_basis(old.basis)
        and not lyceum.has_role('head', 'deputy_head') then
        raise exception using
            errcode = 'LYA07', message = 'access_closed', detail = 'A3: only heads and deputy heads change the document.';
    end if;
    v_opens := case
        when tg_op = 'UPDATE' and old.access = 'none' then
            new.access <> 'none'
            or not lyceum.covers(new.starts_on, new.ends_on, old.starts_on, old.ends_on)
        when tg_op = 'UPDATE' and lyceum.covers(old.starts_on, old.ends_on, new.starts_on, new.ends_on) then
            false
        else
            new.access <> 'none' and exists (
                select from public.guardianships g
                where g.school_id = new.school_id and g.guardian_id = new.guardian_id and g.student_id = new.student_id
                    and g.access = 'none'
            )
    end;
    if v_opens then
        if not lyceum.has_role('head', 'deputy_head') then
            raise exception using
                errcode = 'LYA07', message = 'access_closed', detail = 'A3: only heads and deputy heads reopen access.';
        end if;
        -- The document that closed the access does not reopen it.
        if lyceum.plain_basis(new.basis) = ''
            or tg_op = 'UPDATE' and lyceum.plain_basis(new.basis) = lyceum.plain_basis(old.basis)
            or exists (
                select from public.guardianships g
                where g.school_id = new.school_id and g.guardian_id = new.guardian_id and g.student_id = new.student_id
                    and g.access = 'none' and lyceum.plain_basis(g.basis) = lyceum.plain_basis(new.basis)
            ) then
            raise exception using
                errcode = 'LYA07', message = 'basis_required', constraint = 'guardianships_basis',
                detail = 'A3: basis names the document that reopens the access.';
        end if;
    end if;
    return new;
end
$$;
comment on function lyceum.check_guardianship() is
    'A3: nobody writes their own guardianship; only a head or deputy head reopens closed access, with a new '
    'document, or changes the document that closed it.';

create or replace trigger rules before insert or update or delete on guardianships
    for each row execute function lyceum.check_guardianship();
