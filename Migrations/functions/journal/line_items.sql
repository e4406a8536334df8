create or replace function lyceum.record_line_item() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'UPDATE' then
        if new.lesson_id <> old.lesson_id then
            raise exception using
                errcode = 'LYL02', message = 'not_movable', detail = 'A column never changes its lesson.';
        end if;
        -- Its marks were cleared with it.
        if old.deleted_at is not null and new.deleted_at is null then
            raise exception using
                errcode = 'LYL02', message = 'line_item_deleted', detail = 'A deleted column does not come back.';
        end if;
        new.planned := old.planned;
        new.overridden_by := old.overridden_by;
    end if;
    if tg_op = 'INSERT' or new.category_id is distinct from old.category_id then
        new.planned := lyceum.is_control(new.school_id, new.category_id) and exists (
            select
            from public.lessons l
            where l.school_id = new.school_id and l.id = new.lesson_id and l.date > lyceum.today()
        );
    end if;
    if (tg_op = 'INSERT' and new.override_reason is not null)
        or (tg_op = 'UPDATE' and new.override_reason is distinct from old.override_reason) then
        if row_security_active('public.line_items') and not exists (
            select
            from public.user_roles r
            where r.school_id = new.school_id
                and r.user_id = lyceum.current_user_id()
                and r.role in ('head', 'deputy_head')
        ) then
            raise exception using
                errcode = 'LYM06', message = 'forbidden', detail = 'Only a head or deputy head allows a control work against M9.';
        end if;
        new.overridden_by := case when new.override_reason is not null then lyceum.current_user_id() end;
    end if;
    return new;
end
$$;
comment on function lyceum.record_line_item() is
    'M9: sets planned for a control work at a lesson to come, and records who allowed one against the rule.';

create or replace trigger guard before insert or update on line_items for each row execute function lyceum.record_line_item();

-- M4: columns decide what marks count for, so they follow the close of the term like the topic does.
create or replace function lyceum.check_line_item() returns trigger
    language plpgsql
as $$
declare
    v_refusal text := lyceum.lesson_refusal(new.school_id, new.lesson_id);
begin
    if new.deleted_at is null and exists (
        select
        from public.lessons l
        where l.school_id = new.school_id and l.id = new.lesson_id and l.state = 'cancelled'
    ) then
        v_refusal := 'lesson_cancelled';
    end if;
    if v_refusal <> 'not_found' then
        raise exception using
            errcode = lyceum.refusal_state(v_refusal), message = v_refusal, detail = format('Column %s.', new.id);
    end if;
    return null;
end
$$;

create or replace trigger check_column after insert on line_items for each row execute function lyceum.check_line_item();
create or replace trigger check_column_again after update on line_items
    for each row when (
        (new.category_id, new.title, new.weight, new.deleted_at) is distinct from (old.category_id, old.title, old.weight, old.deleted_at)
    )
    execute function lyceum.check_line_item();

-- M5: the marks of a deleted column become tombstones. The rules of marks apply: M4 may refuse it.
create or replace function lyceum.clear_line_item() returns trigger
    language plpgsql
as $$
begin
    update public.marks k
    set kind = null, number = null, code = null, due_on = null, comment = null
    where k.school_id = new.school_id and k.line_item_id = new.id and k.kind is not null;
    return null;
end
$$;

create or replace trigger clear_marks after update on line_items
    for each row when (new.deleted_at is not null and old.deleted_at is null)
    execute function lyceum.clear_line_item();

create or replace function lyceum.line_item_deletion_refusal(p_school integer, p_line_item uuid) returns text
    language plpgsql stable
as $$
begin
    return (
        select r.refusal
        from (
            select array_agg(k.line_item_id) as line_items, array_agg(k.student_id) as students
            from public.marks k
            where k.school_id = p_school and k.line_item_id = p_line_item and k.kind is not null
        ) m
        cross join lateral lyceum.mark_refusals(p_school, m.line_items, m.students, null, null, null, null, null) r
        where r.refusal is not null
        limit 1
    );
end
$$;
comment on function lyceum.line_item_deletion_refusal(integer, uuid) is
    'Why the marks of a column may not be cleared today, and so the column not be deleted; null when it may.';
