-- S5.3: contacts with families outside the system.

create or replace function lyceum.informs_family(p_student uuid) returns boolean
    language sql stable
    return lyceum.has_role('head', 'deputy_head') or lyceum.leads_student(p_student);
comment on function lyceum.informs_family(uuid) is
    'S5.3: whether the person of the transaction records contacts with the family: today''s class teacher, also one who acts for another, '
    'heads and deputy heads.';

create or replace function lyceum.is_own_family(p_school integer, p_person uuid, p_student uuid) returns boolean
    language sql stable
    return exists (
        select from public.guardianships g where g.school_id = p_school and g.guardian_id = p_person and g.student_id = p_student
    );
comment on function lyceum.is_own_family(integer, uuid, uuid) is
    'A3: whether the person is or was a guardian of the student, with or without access. At work, such a person reads nothing of what the '
    'other guardians tell the school.';

create or replace function lyceum.sees_contact(p_student uuid, p_guardian uuid, p_author uuid) returns boolean
    language sql stable
    return lyceum.represents(lyceum.current_school(), lyceum.current_user_id(), p_student) and lyceum.current_user_id() in (p_guardian, p_author)
        or lyceum.informs_family(p_student)
            and not lyceum.is_own_family(lyceum.current_school(), lyceum.current_user_id(), p_student);
comment on function lyceum.sees_contact(uuid, uuid, uuid) is
    'S5.3, A3: who informs the family sees its contacts. A guardian with access sees those with this guardian, so that what proves the '
    'informing can be checked by whom it names; but never those with other guardians, not even as the class teacher, and not without '
    'access either.';

create or replace function lyceum.keeps_contact(p_contact uuid) returns boolean
    language plpgsql stable
as $$
declare
    v_contact public.contacts;
begin
    select * into v_contact from public.contacts c where c.school_id = lyceum.current_school() and c.id = p_contact;
    return not found
        or v_contact.author_id = lyceum.current_user_id() and lyceum.informs_family(v_contact.student_id);
end
$$;
comment on function lyceum.keeps_contact(uuid) is
    'S5.3: whether the person of the transaction may write the contact: its author, who still informs the family. A contact that does not '
    'exist yet may be written; the trigger checks the student.';

create or replace function lyceum.forgotten_contacts_before() returns date
    language sql stable
    return (lyceum.today() - interval '5 years')::date;
comment on function lyceum.forgotten_contacts_before() is 'K1: contacts of earlier days are deleted.';

create or replace function lyceum.check_contact() returns trigger
    language plpgsql
as $$
declare
    v_row public.contacts := case tg_op when 'DELETE' then old else new end;
begin
    if tg_op = 'UPDATE' and (new.student_id, new.author_id, new.created_at)
        is distinct from (old.student_id, old.author_id, old.created_at) then
        raise exception using errcode = 'LYL02', message = 'not_movable', detail = 'A contact stays with its student and its author.';
    end if;
    if tg_op = 'DELETE' and old.date < lyceum.forgotten_contacts_before() then
        return old;
    end if;
    if row_security_active('public.contacts') then
        if not lyceum.informs_family(v_row.student_id) then
            -- A1: as for a student who does not exist.
            raise exception using
                errcode = 'foreign_key_violation', table = 'contacts', constraint = 'contacts_school_id_student_id_fkey',
                message = 'unknown_student', detail = 'The person does not inform this family.';
        end if;
        if tg_op = 'INSERT' then
            new.author_id := lyceum.current_user_id();
            new.created_at := now();
        elsif old.author_id is distinct from lyceum.current_user_id() then
            raise exception using errcode = 'LYS01', message = 'forbidden', detail = 'S5.3: only the author corrects a contact.';
        end if;
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;

    if new.date > lyceum.today() then
        raise exception using
            errcode = 'check_violation', table = 'contacts', constraint = 'contacts_date',
            message = 'in_the_future', detail = 'A contact is recorded on its day or later.';
    end if;
    -- A3: whose access is closed is not informed. A later end of the guardianship does not undo the contact.
    if new.guardian_id is not null
        and (tg_op = 'INSERT' or (new.guardian_id, new.date) is distinct from (old.guardian_id, old.date))
        and not exists (
            select
            from public.guardianships g
            where g.school_id = new.school_id and g.student_id = new.student_id and g.guardian_id = new.guardian_id
                and g.access = 'full' and lyceum.holds(g.starts_on, g.ends_on, new.date)
        ) then
        raise exception using
            errcode = 'foreign_key_violation', table = 'contacts', constraint = 'contacts_school_id_guardian_id_fkey',
            message = 'unknown_guardian', detail = 'A3: no guardian of the student with access on that day.';
    end if;
    if new.entity is not null and new.entity_id is not null
        and (tg_op = 'INSERT' or (new.entity, new.entity_id) is distinct from (old.entity, old.entity_id))
        and not lyceum.concerns_family(new.school_id, new.student_id, new.entity, new.entity_id) then
        raise exception using
            errcode = 'foreign_key_violation', table = 'contacts', constraint = 'contacts_about',
            message = 'unknown_entity', detail = 'Nothing of this kind was told to the family.';
    end if;
    return new;
end
$$;
comment on function lyceum.check_contact() is
    'S5.3, A1, A3: who informs a family records it, about this family, and corrects only what was recorded by the same person.';

create or replace trigger rules before insert or update or delete on contacts
    for each row execute function lyceum.check_contact();
create or replace trigger version before update on contacts for each row execute function lyceum.version();
create or replace trigger audit after insert or update on contacts for each row execute function lyceum.audit();
-- K1: what is forgotten is not copied.
create or replace trigger audit_deletion after delete on contacts
    for each row when (old.date >= lyceum.forgotten_contacts_before()) execute function lyceum.audit();

create or replace function lyceum.concerns_family(p_school integer, p_student uuid, p_entity text, p_id uuid) returns boolean
    language plpgsql stable
as $$
begin
    return case p_entity
        when 'notifications' then exists (
            select from lyceum.family_notifications(p_school, array[p_student]) f where f.notification_id = p_id
        )
        else lyceum.is_announced_to_family(p_school, p_student, p_id)
    end;
end
$$;
comment on function lyceum.concerns_family(integer, uuid, text, uuid) is
    'Whether the notification or the announcement was told to the family of the student.';
