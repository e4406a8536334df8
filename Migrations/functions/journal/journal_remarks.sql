-- Remarks about journals: a deputy head asks for something to be mended in a section, and its teacher answers.

create or replace function lyceum.sees_remark(p_section uuid) returns boolean
    language plpgsql stable
as $$
begin
    return lyceum.has_role('head', 'deputy_head')
        or lyceum.teaches(lyceum.current_school(), lyceum.current_user_id(), p_section, lyceum.today());
end
$$;
comment on function lyceum.sees_remark(uuid) is
    'Whether the person of the transaction reads remarks about the section: heads, deputy heads, and its teachers of today.';
grant execute on function lyceum.sees_remark(uuid) to lyceum_app;

create or replace function lyceum.keeps_remark(p_remark uuid) returns boolean
    language plpgsql stable
as $$
begin
    return coalesce(
        (
            select lyceum.sees_remark(r.section_id)
            from public.journal_remarks r
            where r.school_id = lyceum.current_school() and r.id = p_remark
        ),
        true
    );
end
$$;
comment on function lyceum.keeps_remark(uuid) is
    'Whether the person of the transaction may write the remark. One that does not exist yet may be written; the trigger decides.';
grant execute on function lyceum.keeps_remark(uuid) to lyceum_app;

create or replace function lyceum.guard_remark() returns trigger
    language plpgsql
as $$
declare
    v_controls boolean := lyceum.has_role('head', 'deputy_head');
    v_teaches boolean := lyceum.teaches(new.school_id, lyceum.current_user_id(), new.section_id, lyceum.today());
begin
    if tg_op = 'UPDATE' and (new.section_id, new.author_id, new.created_at) is distinct from (old.section_id, old.author_id, old.created_at) then
        raise exception using errcode = 'LYL02', message = 'not_movable', detail = 'A remark stays with its section and its author.';
    end if;
    if not row_security_active('public.journal_remarks') then
        return new;
    end if;

    if (tg_op = 'INSERT' or new.due_on is distinct from old.due_on) and new.due_on < lyceum.today() then
        raise exception using
            errcode = 'check_violation', table = 'journal_remarks', constraint = 'journal_remarks_due_on', message = 'in_the_past',
            detail = 'The day by which it is to be mended has passed.';
    end if;
    if tg_op = 'INSERT' then
        if not v_controls then
            raise exception using errcode = 'LYR01', message = 'forbidden', detail = 'Heads and deputy heads make remarks.';
        end if;
        new.author_id := lyceum.current_user_id();
        new.created_at := now();
        new.state := 'open';
        new.answer := null;
        new.answered_by := null;
        new.answered_at := null;
        new.closed_by := null;
        new.closed_at := null;
        return new;
    end if;

    new.answered_by := old.answered_by;
    new.answered_at := old.answered_at;
    new.closed_by := old.closed_by;
    new.closed_at := old.closed_at;
    if (new.text, new.due_on) is distinct from (old.text, old.due_on) and not v_controls then
        raise exception using errcode = 'LYR01', message = 'forbidden', detail = 'The teacher only answers a remark.';
    end if;
    if new.answer is distinct from old.answer then
        if not v_teaches or new.answer is null then
            raise exception using errcode = 'LYR01', message = 'forbidden', detail = 'A teacher of the section answers, in words.';
        end if;
        if old.state = 'closed' then
            raise exception using errcode = 'LYR01', message = 'remark_closed', detail = 'The remark is closed.';
        end if;
        new.state := 'answered';
        new.answered_by := lyceum.current_user_id();
        new.answered_at := now();
    elsif new.state is distinct from old.state then
        if not v_controls or new.state = 'answered' then
            raise exception using errcode = 'LYR01', message = 'forbidden', detail = 'Heads and deputy heads close a remark, or ask again.';
        end if;
        new.closed_by := case new.state when 'closed' then lyceum.current_user_id() end;
        new.closed_at := case new.state when 'closed' then now() end;
    end if;
    return new;
end
$$;
comment on function lyceum.guard_remark() is
    'Heads and deputy heads make remarks, change their text and day, close them and open them again; teachers of the section today answer.';

create or replace trigger guard before insert or update on journal_remarks for each row execute function lyceum.guard_remark();
create or replace trigger version before update on journal_remarks for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on journal_remarks for each row execute function lyceum.audit();

create or replace function lyceum.notify_of_remark() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.notifications (school_id, person_id, kind, entity, entity_id)
    select distinct new.school_id, t.teacher_id, 'journal_remark', 'journal_remarks', new.id
    from public.section_teachers t
    where t.school_id = new.school_id and t.section_id = new.section_id and lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
        and t.teacher_id is distinct from lyceum.current_user_id();
    return null;
end
$$;
comment on function lyceum.notify_of_remark() is 'Tells the teachers of the section that there is a remark, or that it was opened again.';
revoke execute on function lyceum.notify_of_remark() from public;

create or replace trigger notify after insert on journal_remarks for each row execute function lyceum.notify_of_remark();
create or replace trigger notify_again after update on journal_remarks
    for each row when (new.state = 'open' and old.state <> 'open') execute function lyceum.notify_of_remark();
