create or replace function lyceum.keep_class_group() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        if new.group_id is null then
            new.group_id := new.id;
            insert into public.groups (school_id, id, academic_year_id, kind, name, grade_level, class_id)
            values (new.school_id, new.id, new.academic_year_id, 'class', new.name, new.grade_level, new.id);
        end if;
        return new;
    end if;
    if tg_op = 'DELETE' then
        delete from public.groups g where g.school_id = old.school_id and g.id = old.group_id;
        return null;
    end if;
    if (new.grade_level, new.academic_year_id, new.group_id)
        is distinct from (old.grade_level, old.academic_year_id, old.group_id) then
        raise exception using
            errcode = 'LYE01', message = 'class_not_movable', detail = 'Grade level, year and group of a class never change.';
    end if;
    if new.name <> old.name then
        update public.groups g set name = new.name where g.school_id = new.school_id and g.id = new.group_id;
    end if;
    return new;
end
$$;

create or replace trigger own_group before insert or update on classes for each row execute function lyceum.keep_class_group();
create or replace trigger own_group_deleted after delete on classes for each row execute function lyceum.keep_class_group();

create or replace function lyceum.guard_class_group() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'LYE01', message = 'class_not_movable', detail = 'Kind, class and grade level of a group never change.';
end
$$;

create or replace trigger guard before update on groups
    for each row
    when ((new.kind, new.class_id, new.grade_level) is distinct from (old.kind, old.class_id, old.grade_level)
        and (old.kind = 'class' or new.kind = 'class'))
    execute function lyceum.guard_class_group();

-- L5: its members belong to the class.
create or replace trigger fixed before update on groups
    for each row
    when ((new.kind, new.class_id) is distinct from (old.kind, old.class_id) and old.kind <> 'class' and new.kind <> 'class')
    execute function lyceum.refuse_move();
