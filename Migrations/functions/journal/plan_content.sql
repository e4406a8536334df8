-- P1: units and topics of a plan are written as two lists, which replace what the plan has.
create or replace function lyceum.write_plan_content(p_plan uuid, p_units jsonb, p_topics jsonb) returns void
    language plpgsql
as $$
#variable_conflict use_column
declare
    v_school integer := lyceum.current_school();
begin
    set constraints public.plan_units_position_key, public.plan_topics_position_key deferred;

    if p_units is not null then
        if (select count(*) <> count(distinct u.id) from jsonb_to_recordset(p_units) u (id uuid))
            or exists (
                select
                from jsonb_to_recordset(p_units) i (id uuid)
                join public.plan_units u on u.school_id = v_school and u.id = i.id and u.plan_id <> p_plan
            )
        then
            raise exception using errcode = 'unique_violation', table = 'plan_units', constraint = 'plan_units_pkey', message = 'taken';
        end if;
        insert into public.plan_units as o (school_id, id, plan_id, position, title)
        select v_school, (u.unit ->> 'id')::uuid, p_plan, u.position, u.unit ->> 'title'
        from jsonb_array_elements(p_units) with ordinality u (unit, position)
        on conflict (school_id, id) do update set position = excluded.position, title = excluded.title
        where (o.position, o.title) is distinct from (excluded.position, excluded.title);
    end if;

    if p_topics is not null then
        if (select count(*) <> count(distinct t.id) from jsonb_to_recordset(p_topics) t (id uuid))
            or exists (
                select
                from jsonb_to_recordset(p_topics) i (id uuid)
                join public.plan_topics t on t.school_id = v_school and t.id = i.id
                    and (t.plan_id <> p_plan or t.correction_id is not null)
            )
        then
            raise exception using errcode = 'unique_violation', table = 'plan_topics', constraint = 'plan_topics_pkey', message = 'taken';
        end if;
        delete from public.plan_topics t
        where t.school_id = v_school
            and t.plan_id = p_plan
            and t.correction_id is null
            and t.id not in (select i.id from jsonb_to_recordset(p_topics) i (id uuid));
        insert into public.plan_topics as o (
            school_id, id, plan_id, unit_id, position, title, hours, planned_week, planned_on, homework, is_control, external_id
        )
        select v_school, t.id, p_plan, t.unit_id, row_number() over (order by i.position), t.title, t.hours, t.planned_week, t.planned_on,
            t.homework, t.is_control, t.external_id
        from jsonb_array_elements(p_topics) with ordinality i (topic, position)
        cross join lateral jsonb_to_record(i.topic) t (
            id uuid, unit_id uuid, title text, hours numeric, planned_week smallint, planned_on date, homework text, is_control boolean,
            external_id text
        )
        on conflict (school_id, id) do update
        set unit_id = excluded.unit_id, position = excluded.position, title = excluded.title, hours = excluded.hours,
            planned_week = excluded.planned_week, planned_on = excluded.planned_on, homework = excluded.homework,
            is_control = excluded.is_control, external_id = excluded.external_id
        where (o.unit_id, o.position, o.title, o.hours, o.planned_week, o.planned_on, o.homework, o.is_control, o.external_id)
            is distinct from (
                excluded.unit_id, excluded.position, excluded.title, excluded.hours, excluded.planned_week, excluded.planned_on,
                excluded.homework, excluded.is_control, excluded.external_id
            );
        -- Topics that a correction has dropped are not in the list. They follow it.
        update public.plan_topics t set position = d.position
        from (
            select t.id, jsonb_array_length(p_topics) + row_number() over (order by t.position) as position
            from public.plan_topics t
            where t.school_id = v_school and t.plan_id = p_plan and t.correction_id is not null
        ) d
        where t.school_id = v_school and t.id = d.id and t.position <> d.position;
    end if;

    if p_units is not null then
        if exists (
            select from public.plan_topics t
            where t.school_id = v_school and t.plan_id = p_plan and t.unit_id is not null and t.correction_id is null
                and t.unit_id not in (select i.id from jsonb_to_recordset(p_units) i (id uuid))
        ) then
            raise exception using
                errcode = 'foreign_key_violation', table = 'plan_topics', constraint = 'plan_units_used',
                message = 'in_use', detail = 'Topics are in a unit that the list leaves out.';
        end if;
        update public.plan_topics t set unit_id = null
        where t.school_id = v_school and t.plan_id = p_plan and t.correction_id is not null
            and t.unit_id not in (select i.id from jsonb_to_recordset(p_units) i (id uuid));
        delete from public.plan_units u
        where u.school_id = v_school and u.plan_id = p_plan
            and u.id not in (select i.id from jsonb_to_recordset(p_units) i (id uuid));
    end if;

    set constraints public.plan_units_position_key, public.plan_topics_position_key immediate;
end
$$;
comment on function lyceum.write_plan_content(uuid, jsonb, jsonb) is
    'P1: replaces the units and the topics of a plan; null leaves them as they are. The order of the lists is the order of the plan. A topic '
    'to which lessons point is not deleted (foreign key), and neither is a unit with topics.';
