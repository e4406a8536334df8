-- Changes of profiles that guardians propose.
create or replace function lyceum.check_proposal() returns trigger
    language plpgsql
as $$
declare
    v_person uuid := lyceum.current_user_id();
begin
    if tg_op = 'INSERT' then
        if new.state <> 'open' or v_person <> new.proposed_by
            or not lyceum.represents(new.school_id, new.proposed_by, new.student_id) then
            raise exception using
                errcode = 'LYA13', message = 'not_found', detail = 'A3: a guardian with access proposes, in person.';
        end if;
        return new;
    end if;
    if (new.student_id, new.about, new.fields, new.comment, new.proposed_by, new.proposed_at)
        is distinct from (old.student_id, old.about, old.fields, old.comment, old.proposed_by, old.proposed_at) then
        raise exception using
            errcode = 'LYL02', message = 'not_movable', detail = 'A proposal never changes; its author withdraws it.';
    end if;
    if old.state <> 'open' then
        raise exception using
            errcode = 'LYA14', message = 'proposal_closed', detail = 'The proposal was decided or withdrawn.';
    end if;
    if new.state = 'withdrawn' then
        if v_person <> old.proposed_by then
            raise exception using errcode = 'LYA13', message = 'not_found', detail = 'The author withdraws it.';
        end if;
        return new;
    end if;
    -- Nobody accepts an own proposal, as nobody writes an own guardianship (A3).
    if v_person is not null and (v_person = old.proposed_by or not lyceum.keeps_student(old.student_id)
        or old.about = 'guardian' and not lyceum.keeps_guardian(old.proposed_by)) then
        raise exception using
            errcode = 'LYA15', message = 'not_your_proposal', detail = 'A4: the class teacher or a manager decides, but not the author.';
    end if;
    new.decided_by := v_person;
    new.decided_at := now();
    if new.state = 'accepted' then
        perform lyceum.apply_proposal(new);
    end if;
    return new;
end
$$;

create or replace function lyceum.apply_proposal(p_proposal profile_proposals) returns void
    language plpgsql
as $$
begin
    if p_proposal.about = 'student' then
        update public.students s
        set (email, phone, other_phones, address) = (
            select n.email, n.phone, n.other_phones, n.address from jsonb_populate_record(s, p_proposal.fields) n
        )
        where s.school_id = p_proposal.school_id and s.id = p_proposal.student_id;
    else
        update public.guardians g
        set (email, phone, other_phones, address, workplace) = (
            select n.email, n.phone, n.other_phones, n.address, n.workplace from jsonb_populate_record(g, p_proposal.fields) n
        )
        where g.school_id = p_proposal.school_id and g.id = p_proposal.proposed_by;
    end if;
end
$$;
comment on function lyceum.apply_proposal(profile_proposals) is
    'Writes the proposed contacts into the profile. The audit log records it as a change by the person who accepts (A5).';

create or replace trigger rules before insert or update on profile_proposals
    for each row execute function lyceum.check_proposal();
create or replace trigger version before update on profile_proposals for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on profile_proposals
    for each row execute function lyceum.audit('fields', 'comment', 'answer');

create or replace function lyceum.record_proposal_reading(p_proposal uuid) returns void
    language sql security definer set search_path = pg_catalog, pg_temp
begin atomic
    select lyceum.record_reading(p.student_id, 'profile_proposals', p.id)
    from public.profile_proposals p
    where p.school_id = lyceum.current_school() and p.id = p_proposal;
end;
comment on function lyceum.record_proposal_reading(uuid) is 'K2: records that a proposal, which has contacts, was read.';

create or replace function lyceum.confirm_profile(p_student uuid) returns date
    language plpgsql
as $$
declare
    v_day date;
begin
    if not lyceum.represents(lyceum.current_school(), lyceum.current_user_id(), p_student) then
        return null;
    end if;
    update public.students s set profile_confirmed_on = lyceum.today()
    where s.school_id = lyceum.current_school()
        and s.id = p_student
        -- Once a year: a second confirmation, also by the other guardian, changes nothing.
        and not exists (
            select from public.academic_years y
            where y.school_id = s.school_id and lyceum.today() between y.starts_on and y.ends_on
                and s.profile_confirmed_on >= y.starts_on
        )
        and s.profile_confirmed_on is distinct from lyceum.today();
    select s.profile_confirmed_on into v_day from public.students s
    where s.school_id = lyceum.current_school() and s.id = p_student;
    return v_day;
end
$$;
comment on function lyceum.confirm_profile(uuid) is
    'A guardian with access says that the profile is right. Returns the day of the confirmation in this year; null for anybody else.';
