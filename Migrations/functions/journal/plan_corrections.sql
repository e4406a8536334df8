-- P1: correction sheets (листы корректировки) of the approved plans of sections.

create or replace function lyceum.given_hours(p_school integer, p_topic uuid) returns integer
    language plpgsql stable
as $$
begin
    return (
        select count(*)
        from public.plan_topics t
        join public.curriculum_plans p on p.school_id = t.school_id and p.id = t.plan_id
        join public.lessons l on l.school_id = p.school_id
            and l.section_id = p.section_id
            and l.plan_topic_id in (t.id, t.source_id)
            and l.state = 'held'
        where t.school_id = p_school and t.id = p_topic
    );
end
$$;
comment on function lyceum.given_hours(integer, uuid) is 'P1: the number of held lessons of the section with this topic of its plan.';

create or replace function lyceum.check_correction_item(p_item public.plan_correction_items) returns void
    language plpgsql stable
as $$
declare
    v_given integer := lyceum.given_hours(p_item.school_id, p_item.topic_id);
begin
    if exists (
        select from public.plan_topics t
        where t.school_id = p_item.school_id
            and t.id in (p_item.topic_id, p_item.into_id, p_item.after_id)
            and t.correction_id is not null
    ) then
        raise exception using
            errcode = 'LYP06', message = 'topic_dropped', detail = 'A correction has dropped the topic already.';
    end if;
    if p_item.kind in ('drop', 'merge') and v_given > 0 or p_item.kind = 'hours' and v_given > p_item.hours then
        raise exception using
            errcode = 'LYP06', message = 'topic_given',
            detail = 'A topic that was given is neither dropped nor merged, and keeps the hours that were given.';
    end if;
end
$$;
comment on function lyceum.check_correction_item(public.plan_correction_items) is
    'P1: refuses to drop, merge or shorten what was given, and topics that are not taught any more.';

create or replace function lyceum.guard_correction() returns trigger
    language plpgsql
as $$
declare
    v_plan public.curriculum_plans;
begin
    select p.* into v_plan
    from public.curriculum_plans p
    where p.school_id = coalesce(new.school_id, old.school_id) and p.id = coalesce(new.plan_id, old.plan_id);
    if not lyceum.writes_plan(v_plan.school_id, v_plan.section_id, v_plan.author_id) then
        raise exception using
            errcode = 'LYP01', message = 'not_your_plan',
            detail = 'A correction is written by the teachers of the section and by managers.';
    end if;
    if tg_op <> 'INSERT' and old.approved_at is not null then
        raise exception using
            errcode = 'LYP06', message = 'correction_approved',
            detail = 'An approved correction stays on record. To change the plan again, write another one.';
    end if;
    if tg_op = 'DELETE' then
        return old;
    end if;

    if v_plan.section_id is null or v_plan.state <> 'approved' then
        raise exception using
            errcode = 'LYP04', message = 'plan_not_approved', detail = 'Corrections are for approved plans of sections.';
    end if;
    if tg_op = 'INSERT' then
        new.author_id := coalesce(lyceum.current_user_id(), new.author_id);
        new.approved_by := null;
        new.approved_at := null;
        return new;
    end if;
    if (new.plan_id, new.author_id, new.created_at, new.reason) is distinct from (old.plan_id, old.author_id, old.created_at, old.reason)
    then
        raise exception using
            errcode = 'LYL02', message = 'not_movable', detail = 'A correction can only be approved or deleted.';
    end if;
    if new.approved_at is not null then
        if not lyceum.has_role('head', 'deputy_head')
            and (lyceum.current_user_id() is not null or row_security_active('public.plan_corrections')) then
            raise exception using
                errcode = 'LYP01', message = 'forbidden', detail = 'A head or deputy head approves a correction.';
        end if;
        new.approved_by := lyceum.current_user_id();
        new.approved_at := now();
        select f.hours_before, f.hours_after, f.lessons_left into new.hours_before, new.hours_after, new.lessons_left
        from lyceum.correction_figures(new.school_id, new.id) f;
    else
        new.approved_by := null;
    end if;
    return new;
end
$$;

create or replace trigger guard before insert or update or delete on plan_corrections
    for each row execute function lyceum.guard_correction();

create or replace function lyceum.complete_correction_item() returns trigger
    language plpgsql
as $$
begin
    select t.title, t.hours into new.topic_title, new.old_hours
    from public.plan_topics t
    where t.school_id = new.school_id and t.id = new.topic_id and t.plan_id = new.plan_id;
    if not found then
        raise exception using
            errcode = 'foreign_key_violation', table = 'plan_correction_items',
            constraint = 'plan_correction_items_school_id_topic_id_plan_id_fkey',
            message = 'unknown_topic', detail = 'The plan has no such topic.';
    end if;
    if exists (
        select from public.plan_corrections c
        where c.school_id = new.school_id and c.id = new.correction_id and (c.approved_at is not null or c.plan_id <> new.plan_id)
    ) then
        raise exception using
            errcode = 'LYP06', message = 'correction_approved', detail = 'An approved correction has no new items.';
    end if;
    if not exists (
        select from public.curriculum_plans p
        where p.school_id = new.school_id and p.id = new.plan_id and lyceum.writes_plan(p.school_id, p.section_id, p.author_id)
    ) then
        raise exception using
            errcode = 'LYP01', message = 'not_your_plan',
            detail = 'A correction is written by the teachers of the section and by managers.';
    end if;
    if exists (
        select from public.plan_correction_items i
        where i.school_id = new.school_id and i.correction_id = new.correction_id and (
            i.kind in ('drop', 'merge') and i.topic_id = new.into_id
            or new.kind in ('drop', 'merge') and i.into_id = new.topic_id
        )
    ) then
        raise exception using
            errcode = 'LYP06', message = 'topic_dropped', detail = 'The correction drops the topic that another one is merged into.';
    end if;
    perform lyceum.check_correction_item(new);
    return new;
end
$$;

create or replace trigger complete before insert on plan_correction_items
    for each row execute function lyceum.complete_correction_item();

create or replace function lyceum.correction_figures(p_school integer, p_correction uuid)
    returns table (hours_before numeric, hours_after numeric, lessons_left integer)
    language plpgsql stable
as $$
#variable_conflict use_column
begin
    return query
    select b.hours, b.hours + coalesce(i.effect, 0), (
            select count(*)::integer from lyceum.lessons_left(p_school, p.section_id, lyceum.today())
        )
    from public.plan_corrections c
    join public.curriculum_plans p on p.school_id = c.school_id and p.id = c.plan_id
    cross join lateral (
        select coalesce(sum(t.hours_left), 0) as hours
        from lyceum.topics_left(p_school, p.section_id, p.id, lyceum.today()) t
    ) b
    cross join lateral (
        select sum(case i.kind when 'hours' then i.hours - t.hours when 'move' then 0 else -t.hours end) as effect
        from public.plan_correction_items i
        join public.plan_topics t on t.school_id = i.school_id and t.id = i.topic_id
        where i.school_id = p_school and i.correction_id = p_correction
    ) i
    where c.school_id = p_school and c.id = p_correction;
end
$$;
comment on function lyceum.correction_figures(integer, uuid) is
    'P1: the hours that were not given yet, before and after a correction that is not approved yet, and the lessons that are left.';

create or replace function lyceum.apply_correction() returns trigger
    language plpgsql
as $$
declare
    v_item public.plan_correction_items;
    v_order uuid[];
    v_place integer;
begin
    -- Other writers of the plan take turns with this: they lock it as well.
    perform from public.curriculum_plans p where p.school_id = new.school_id and p.id = new.plan_id for no key update;
    v_order := array(
        select t.id from public.plan_topics t where t.school_id = new.school_id and t.plan_id = new.plan_id order by t.position
    );
    for v_item in
        select i.* from public.plan_correction_items i
        where i.school_id = new.school_id and i.correction_id = new.id
        order by i.position
    loop
        perform lyceum.check_correction_item(v_item);
        if v_item.kind in ('drop', 'merge') then
            update public.plan_topics t set correction_id = new.id, merged_into_id = v_item.into_id
            where t.school_id = new.school_id and t.id = v_item.topic_id;
        elsif v_item.kind = 'hours' then
            update public.plan_topics t set hours = v_item.hours where t.school_id = new.school_id and t.id = v_item.topic_id;
        else
            v_order := array_remove(v_order, v_item.topic_id);
            v_place := coalesce(array_position(v_order, v_item.after_id), 0);
            v_order := v_order[1:v_place] || v_item.topic_id || v_order[v_place + 1:];
        end if;
    end loop;
    update public.plan_topics t set position = o.position
    from unnest(v_order) with ordinality o (id, position)
    where t.school_id = new.school_id and t.id = o.id and t.position <> o.position;
    return null;
end
$$;

create or replace trigger apply after update on plan_corrections
    for each row when (old.approved_at is null and new.approved_at is not null) execute function lyceum.apply_correction();
