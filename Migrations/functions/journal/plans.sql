-- P1: who writes a plan, who approves it, and what is fixed afterwards (docs/decisions/0048-curriculum-plans.md).

create or replace function lyceum.writes_plan(p_school integer, p_section uuid, p_author uuid) returns boolean
    language plpgsql stable
as $$
begin
    return lyceum.current_user_id() is null
        or lyceum.has_role('administrator', 'head', 'deputy_head')
        or case
            when p_section is null then coalesce(p_author = lyceum.current_user_id(), false)
            else exists (
                select
                from public.section_teachers t
                where t.school_id = p_school
                    and t.section_id = p_section
                    and t.teacher_id = lyceum.current_user_id()
                    and lyceum.lasts(t.ends_on, lyceum.today())
            )
        end;
end
$$;
comment on function lyceum.writes_plan(integer, uuid, uuid) is
    'P1: whether the person of the transaction writes the plan of a section, or of the common base by this author: its teachers, the '
    'author, and managers. Also true without a person, for integrations that import and the command line.';

create or replace function lyceum.teaches_subject(p_school integer, p_year uuid, p_subject uuid, p_grade_level integer) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.section_teachers t
        join public.sections s on s.school_id = t.school_id and s.id = t.section_id
        join public.groups g on g.school_id = s.school_id and g.id = s.group_id
        where t.school_id = p_school
            and t.teacher_id = lyceum.current_user_id()
            and s.academic_year_id = p_year
            and s.subject_id = p_subject
            and coalesce(g.grade_level = p_grade_level, true)
    );
end
$$;
comment on function lyceum.teaches_subject(integer, uuid, uuid, integer) is
    'P1: whether the person of the transaction teaches the subject at the grade level in that year.';

create or replace function lyceum.plan_content(p_school integer, p_plan uuid) returns text[]
    language plpgsql stable
as $$
begin
    return array(
        select row(u.title, t.title, t.hours, t.is_control)::text
        from public.plan_topics t
        left join public.plan_units u on u.school_id = t.school_id and u.id = t.unit_id
        where t.school_id = p_school and t.plan_id = p_plan and t.correction_id is null
        order by t.position
    );
end
$$;
comment on function lyceum.plan_content(integer, uuid) is 'P1: what an approval is about: the topics that are taught, in their order.';

create or replace function lyceum.guard_plan() returns trigger
    language plpgsql
as $$
declare
    v_row public.curriculum_plans := case tg_op when 'DELETE' then old else new end;
    -- The owner's command line has no person.
    v_is_owner boolean := lyceum.current_user_id() is null and not row_security_active('public.curriculum_plans');
    v_approves boolean := v_is_owner or lyceum.has_role('head', 'deputy_head');
begin
    if tg_op = 'INSERT' and lyceum.current_user_id() is not null then
        new.author_id := (select s.id from public.staff s where s.school_id = new.school_id and s.id = lyceum.current_user_id());
        v_row.author_id := new.author_id;
    end if;
    if not lyceum.writes_plan(v_row.school_id, v_row.section_id, v_row.author_id)
        or tg_op = 'INSERT'
            and v_row.section_id is null
            and lyceum.current_user_id() is not null
            and not lyceum.has_role('administrator', 'head', 'deputy_head')
            and not lyceum.teaches_subject(v_row.school_id, v_row.academic_year_id, v_row.subject_id, v_row.grade_level)
    then
        raise exception using
            errcode = 'LYP01', message = 'not_your_plan',
            detail = 'A plan is written by its author, or by the teachers of its section. Its author teaches the subject at the grade level.';
    end if;

    if tg_op = 'DELETE' then
        if old.state = 'approved' and old.section_id is null then
            raise exception using
                errcode = 'LYP03', message = 'plan_approved', detail = 'An approved plan of the common base is archived, not deleted.';
        end if;
        return old;
    end if;

    if tg_op = 'INSERT' then
        if new.section_id is not null and not exists (
            select
            from public.sections s
            join public.groups g on g.school_id = s.school_id and g.id = s.group_id
            where s.school_id = new.school_id
                and s.id = new.section_id
                and s.academic_year_id = new.academic_year_id
                and s.subject_id = new.subject_id
                and coalesce(g.grade_level = new.grade_level, true)
        ) and exists (select from public.sections s where s.school_id = new.school_id and s.id = new.section_id) then
            raise exception using
                errcode = 'LYP02', message = 'plan_not_of_section',
                detail = 'The section has another year, subject or grade level than the plan.';
        end if;
    else
        if old.state <> 'draft' and new.title <> old.title then
            raise exception using
                errcode = 'LYP03', message = 'plan_approved', detail = 'The title of an approved plan is fixed.';
        end if;
        if old.state = 'approved' and new.state <> 'approved' and not v_approves then
            raise exception using
                errcode = 'LYP01', message = 'forbidden',
                detail = 'A head or deputy head withdraws the approval of a plan and archives an approved plan.';
        end if;
        new.approved_by := old.approved_by;
        new.approved_at := old.approved_at;
    end if;

    if new.state = 'draft' then
        new.approved_by := null;
        new.approved_at := null;
    elsif new.state = 'approved' and (tg_op = 'INSERT' or old.state <> 'approved') then
        if not exists (
            select from public.plan_topics t
            where t.school_id = new.school_id and t.plan_id = new.id and t.correction_id is null
        ) then
            raise exception using
                errcode = 'LYP04', message = 'plan_empty', detail = 'A plan is approved when it has topics.';
        end if;
        if v_approves then
            new.approved_by := lyceum.current_user_id();
            new.approved_at := now();
        else
            select b.approved_by, b.approved_at into new.approved_by, new.approved_at
            from public.curriculum_plans b
            where b.school_id = new.school_id
                and b.id = new.copied_from_id
                and b.state = 'approved'
                and lyceum.plan_content(b.school_id, b.id) = lyceum.plan_content(new.school_id, new.id);
            if not found then
                raise exception using
                    errcode = 'LYP01', message = 'forbidden',
                    detail = 'A head or deputy head approves a plan. A copy with the content of an approved plan keeps its approval.';
            end if;
        end if;
    end if;
    return new;
end
$$;

create or replace trigger guard before insert or delete on curriculum_plans for each row execute function lyceum.guard_plan();
create or replace trigger guard_again before update on curriculum_plans
    for each row when (new is distinct from old) execute function lyceum.guard_plan();
create or replace trigger fixed before update on curriculum_plans
    for each row
    when ((new.academic_year_id, new.subject_id, new.grade_level, new.section_id, new.copied_from_id, new.author_id)
        is distinct from
        (old.academic_year_id, old.subject_id, old.grade_level, old.section_id, old.copied_from_id, old.author_id))
    execute function lyceum.refuse_move();
create or replace trigger fixed before update on plan_units
    for each row when (new.plan_id <> old.plan_id) execute function lyceum.refuse_move();
create or replace trigger fixed before update on plan_topics
    for each row when ((new.plan_id, new.source_id) is distinct from (old.plan_id, old.source_id)) execute function lyceum.refuse_move();

-- Once per statement, because an import writes thousands of topics.
create or replace function lyceum.keep_plan_content() returns trigger
    language plpgsql
as $$
declare
    v_schools integer[];
    -- Plans with changes, and those of them with changes that are not the dates and homework of single topics.
    v_plans uuid[];
    v_fixed uuid[];
begin
    if tg_op = 'INSERT' then
        select array_agg(distinct n.school_id), array_agg(distinct n.plan_id) into v_schools, v_plans from new_rows n;
        v_fixed := v_plans;
    elsif tg_op = 'DELETE' then
        select array_agg(distinct o.school_id), array_agg(distinct o.plan_id) into v_schools, v_plans from old_rows o;
        v_fixed := v_plans;
    elsif tg_table_name = 'plan_units' then
        select array_agg(distinct n.school_id), array_agg(distinct n.plan_id) into v_schools, v_plans
        from new_rows n
        join old_rows o on o.school_id = n.school_id and o.id = n.id
        where (n.title, n.position) is distinct from (o.title, o.position);
        v_fixed := v_plans;
    else
        select array_agg(distinct n.school_id), array_agg(distinct n.plan_id), array_agg(distinct n.plan_id) filter (
            where (n.unit_id, n.position, n.title, n.hours, n.is_control, n.correction_id, n.merged_into_id)
                is distinct from (o.unit_id, o.position, o.title, o.hours, o.is_control, o.correction_id, o.merged_into_id)
        )
        into v_schools, v_plans, v_fixed
        from new_rows n
        join old_rows o on o.school_id = n.school_id and o.id = n.id
        where n.version <> o.version;
    end if;
    if v_plans is null then
        return null;
    end if;

    if exists (
        select from public.curriculum_plans p
        where p.school_id = any (v_schools) and p.id = any (v_plans) and not lyceum.writes_plan(p.school_id, p.section_id, p.author_id)
    ) then
        raise exception using
            errcode = 'LYP01', message = 'not_your_plan',
            detail = 'A plan is written by its author, by the teachers of its section and by managers.';
    end if;
    -- In the transaction that approves a correction, its plan changes.
    if exists (
        select from public.curriculum_plans p
        where p.school_id = any (v_schools)
            and p.id = any (v_plans)
            and p.state <> 'draft'
            and (p.state = 'archived' or p.section_id is null or p.id = any (v_fixed))
            and not exists (
                select from public.plan_corrections c
                where c.school_id = p.school_id
                    and c.plan_id = p.id
                    and c.approved_at is not null
                    and c.changed_xid = pg_current_xact_id()
            )
    ) then
        raise exception using
            errcode = 'LYP03', message = 'plan_approved',
            detail = 'The content of an approved plan is fixed. A correction changes the plan of a section.';
    end if;
    -- One new version of the plan for each transaction.
    update public.curriculum_plans p set content_changed_at = clock_timestamp()
    where p.school_id = any (v_schools) and p.id = any (v_plans) and p.changed_xid <> pg_current_xact_id();
    return null;
end
$$;

create or replace trigger keep_made after insert on plan_units referencing new table as new_rows
    for each statement execute function lyceum.keep_plan_content();
create or replace trigger keep_changed after update on plan_units referencing old table as old_rows new table as new_rows
    for each statement execute function lyceum.keep_plan_content();
create or replace trigger keep_deleted after delete on plan_units referencing old table as old_rows
    for each statement execute function lyceum.keep_plan_content();
create or replace trigger keep_made after insert on plan_topics referencing new table as new_rows
    for each statement execute function lyceum.keep_plan_content();
create or replace trigger keep_changed after update on plan_topics referencing old table as old_rows new table as new_rows
    for each statement execute function lyceum.keep_plan_content();
create or replace trigger keep_deleted after delete on plan_topics referencing old table as old_rows
    for each statement execute function lyceum.keep_plan_content();

create or replace function lyceum.copy_plan(p_plan uuid, p_section uuid, p_id uuid) returns uuid
    language plpgsql
as $$
declare
    v_school integer := lyceum.current_school();
    v_source public.curriculum_plans;
    v_copy uuid;
begin
    select p.* into v_source from public.curriculum_plans p where p.school_id = v_school and p.id = p_plan for key share;
    if not exists (select from public.sections s where s.school_id = v_school and s.id = p_section) then
        return null;
    end if;
    if not lyceum.writes_plan(v_school, p_section, null) then
        raise exception using
            errcode = 'LYP01', message = 'not_your_plan', detail = 'The teachers of the section and managers copy a plan into it.';
    end if;
    -- The lock makes two copies into one section take turns.
    perform from public.sections s where s.school_id = v_school and s.id = p_section for no key update;
    select p.id into v_copy
    from public.curriculum_plans p
    where p.school_id = v_school and p.section_id = p_section and p.copied_from_id = p_plan and p.state <> 'archived';
    if found then
        return v_copy;
    end if;
    if v_source.state <> 'approved' then
        raise exception using
            errcode = 'LYP04', message = 'plan_not_approved', detail = 'Only approved plans are copied.';
    end if;

    insert into public.curriculum_plans (school_id, id, academic_year_id, subject_id, grade_level, section_id, copied_from_id, title)
    values (
        v_school, p_id, v_source.academic_year_id, v_source.subject_id, v_source.grade_level, p_section, v_source.id, v_source.title
    );
    with units as materialized (
        select u.id as old_id, gen_random_uuid() as id, u.position, u.title
        from public.plan_units u
        where u.school_id = v_school and u.plan_id = p_plan
    ), copied as (
        insert into public.plan_units (school_id, id, plan_id, position, title)
        select v_school, u.id, p_id, u.position, u.title from units u
    )
    insert into public.plan_topics (
        school_id, id, plan_id, unit_id, position, title, hours, planned_week, homework, is_control, source_id
    )
    select v_school, gen_random_uuid(), p_id, u.id, row_number() over (order by t.position), t.title, t.hours, t.planned_week,
        t.homework, t.is_control, coalesce(t.source_id, t.id)
    from public.plan_topics t
    left join units u on u.old_id = t.unit_id
    where t.school_id = v_school and t.plan_id = p_plan and t.correction_id is null;
    update public.curriculum_plans p set state = 'approved' where p.school_id = v_school and p.id = p_id;
    return p_id;
end
$$;
comment on function lyceum.copy_plan(uuid, uuid, uuid) is
    'P1: copies an approved plan into a section, under the id p_id, and returns the copy: the existing one if the section has it already; '
    'null without such a section. The copy keeps the approval. Topics remember where they come from (source_id), so that lessons that '
    'point to the base still count.';
