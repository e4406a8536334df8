-- P2 for all sections of a year at once.

create or replace function lyceum.plan_coverage(p_school integer, p_year uuid, p_day date)
    returns table (section_id uuid, plan_id uuid, hours numeric, given_hours numeric, planned_hours numeric)
    language plpgsql stable rows 500
    set plan_cache_mode = force_custom_plan
as $$
#variable_conflict use_column
begin
    return query
    with plans as materialized (
        select s.id as section_id, y.starts_on, y.starts_on - extract(isodow from y.starts_on)::integer + 1 as monday,
            coalesce(o.id, b.id) as plan_id
        from public.sections s
        join public.academic_years y on y.school_id = p_school and y.id = s.academic_year_id
        join public.groups g on g.school_id = p_school and g.id = s.group_id
        left join public.curriculum_plans o on o.school_id = p_school and o.section_id = s.id and o.state <> 'archived'
        left join (
            select distinct on (p.subject_id, p.grade_level) p.id, p.subject_id, p.grade_level
            from public.curriculum_plans p
            where p.school_id = p_school and p.academic_year_id = p_year and p.section_id is null and p.state = 'approved'
            order by p.subject_id, p.grade_level, p.approved_at, p.id
        ) b on b.subject_id = s.subject_id and b.grade_level = g.grade_level
        where s.school_id = p_school and s.academic_year_id = p_year
    ), given as materialized (
        select l.section_id, l.plan_topic_id, count(*)::integer as held
        from public.academic_years y
        join public.lessons l on l.school_id = p_school and l.date between y.starts_on and p_day
        join public.sections s on s.school_id = p_school and s.id = l.section_id and s.academic_year_id = p_year
        where y.school_id = p_school and y.id = p_year and l.state = 'held' and l.plan_topic_id is not null
        group by l.section_id, l.plan_topic_id
    ), topics as materialized (
        select p.section_id, t.position, t.hours, coalesce(g.held, 0) + coalesce(b.held, 0) as held,
            case
                when coalesce(g.held, b.held) is not null and x.own_date is not null then x.own_date
                else max(coalesce(x.own_date, p.starts_on)) over (partition by p.section_id order by t.position)
            end as begins_on
        from plans p
        join public.plan_topics t on t.school_id = p_school and t.plan_id = p.plan_id and t.correction_id is null
        cross join lateral (select coalesce(t.planned_on, p.monday + 7 * (t.planned_week - 1)) as own_date) x
        left join given g on g.section_id = p.section_id and g.plan_topic_id = t.id
        left join given b on b.section_id = p.section_id and b.plan_topic_id = t.source_id
    ), present as materialized (
        select d.section_id, d.begins_on, (
                select count(*) from public.lessons l
                where l.school_id = p_school and l.section_id = d.section_id and l.date between d.begins_on and p_day
                    and lyceum.is_over(l.date, l.ends_at)
            ) as lessons
        from (
            select t.section_id, max(t.begins_on) as begins_on from topics t where t.begins_on <= p_day group by t.section_id
        ) d
    ), planned as (
        select t.section_id, t.hours, least(t.hours, t.held) as given,
            case
                when t.begins_on < n.begins_on then t.hours
                when t.begins_on = n.begins_on then
                    greatest(
                        0,
                        least(
                            t.hours,
                            n.lessons - sum(t.hours) over (partition by t.section_id, t.begins_on order by t.position) + t.hours
                        )
                    )
                else 0
            end as planned
        from topics t
        left join present n on n.section_id = t.section_id
    )
    select p.section_id, p.plan_id, sum(c.hours), sum(c.given), sum(c.planned)
    from plans p
    left join planned c on c.section_id = p.section_id
    group by p.section_id, p.plan_id;
end
$$;
comment on function lyceum.plan_coverage(integer, uuid, date) is
    'P2: lyceum.plan_progress and its sums for each section of the year. plan_id is null for a section without a plan. given_hours / '
    'planned_hours is the coverage; a topic counts at most its own hours.';
