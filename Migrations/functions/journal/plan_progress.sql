-- P1, P2, L3: which plan a section follows, which topics were given, and when the others are planned.

create or replace function lyceum.section_plan(p_school integer, p_section uuid) returns uuid
    language plpgsql stable
as $$
begin
    return coalesce(
        (
            select p.id from public.curriculum_plans p
            where p.school_id = p_school and p.section_id = p_section and p.state <> 'archived'
        ),
        (
            select p.id
            from public.sections s
            join public.groups g on g.school_id = s.school_id and g.id = s.group_id
            join public.curriculum_plans p on p.school_id = s.school_id
                and p.academic_year_id = s.academic_year_id
                and p.subject_id = s.subject_id
                and p.grade_level = g.grade_level
                and p.section_id is null
                and p.state = 'approved'
            where s.school_id = p_school and s.id = p_section
            order by p.approved_at, p.id
            limit 1
        )
    );
end
$$;
comment on function lyceum.section_plan(integer, uuid) is
    'P1: the plan that a section follows: its own, else the approved plan of the common base for its subject and grade level; of several, '
    'the one that was approved first, so that the approval of another one changes nothing. Null if there is none.';

create or replace function lyceum.is_topic_of(p_school integer, p_section uuid, p_topic uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select from public.plan_topics t
        where t.school_id = p_school
            and t.id = p_topic
            and t.correction_id is null
            and t.plan_id = lyceum.section_plan(p_school, p_section)
    );
end
$$;
comment on function lyceum.is_topic_of(integer, uuid, uuid) is
    'L3: whether lessons of the section may point to the topic: it is in the plan of the section, and no correction has dropped it.';

create or replace function lyceum.check_lesson_topic() returns trigger
    language plpgsql
as $$
begin
    if not lyceum.is_topic_of(new.school_id, new.section_id, new.plan_topic_id) then
        raise exception using
            errcode = 'LYP05', message = 'not_in_section', detail = 'L3: the topic is not in the plan that the section follows.';
    end if;
    return new;
end
$$;

create or replace trigger topic before insert on lessons
    for each row when (new.plan_topic_id is not null) execute function lyceum.check_lesson_topic();
create or replace trigger topic_again before update of plan_topic_id on lessons
    for each row when (new.plan_topic_id is not null and new.plan_topic_id is distinct from old.plan_topic_id)
    execute function lyceum.check_lesson_topic();

create or replace function lyceum.next_topic(p_school integer, p_section uuid) returns uuid
    language plpgsql stable
as $$
begin
    return (
        select t.id
        from public.plan_topics t
        where t.school_id = p_school
            and t.plan_id = lyceum.section_plan(p_school, p_section)
            and t.correction_id is null
            and t.hours > (
                select count(*)
                from public.lessons l
                where l.school_id = p_school
                    and l.section_id = p_section
                    and l.plan_topic_id in (t.id, t.source_id)
                    and l.state <> 'cancelled'
            )
        order by t.position
        limit 1
    );
end
$$;
comment on function lyceum.next_topic(integer, uuid) is
    'L3: the next topic of the section''s plan that is not done: the first with fewer lessons than hours. Null if there is none.';

create or replace function lyceum.plan_progress(p_school integer, p_section uuid, p_plan uuid, p_day date)
    returns table (topic_id uuid, "position" smallint, hours numeric, held integer, begins_on date, planned_hours numeric)
    language plpgsql stable rows 100
as $$
#variable_conflict use_column
begin
    return query
    with year as materialized (
        select y.starts_on, y.starts_on - extract(isodow from y.starts_on)::integer + 1 as monday
        from public.curriculum_plans p
        join public.academic_years y on y.school_id = p.school_id and y.id = p.academic_year_id
        where p.school_id = p_school and p.id = p_plan
    ), given as materialized (
        select l.plan_topic_id, count(*)::integer as held
        from public.lessons l
        where l.school_id = p_school and l.section_id = p_section and l.state = 'held' and l.date <= p_day
            and l.plan_topic_id is not null
        group by l.plan_topic_id
    ), topics as materialized (
        select t.id, t.position, t.hours, coalesce(g.held, 0) + coalesce(b.held, 0) as held,
            -- A topic without a date, or with one before that of an earlier topic, begins with the topic before it. A topic that was
            -- given keeps its date: an earlier one that was skipped may have been laid after it.
            case
                when coalesce(g.held, b.held) is not null and x.own_date is not null then x.own_date
                else max(coalesce(x.own_date, y.starts_on)) over (order by t.position)
            end as begins_on
        from public.plan_topics t
        cross join year y
        cross join lateral (select coalesce(t.planned_on, y.monday + 7 * (t.planned_week - 1)) as own_date) x
        left join given g on g.plan_topic_id = t.id
        left join given b on b.plan_topic_id = t.source_id
        where t.school_id = p_school and t.plan_id = p_plan and t.correction_id is null
    ), present as materialized (
        select d.begins_on, (
                select count(*) from public.lessons l
                where l.school_id = p_school and l.section_id = p_section and l.date between d.begins_on and p_day
                    and lyceum.is_over(l.date, l.ends_at)
            ) as lessons
        from (select max(t.begins_on) as begins_on from topics t where t.begins_on <= p_day) d
    )
    select t.id, t.position, t.hours, t.held, t.begins_on, case
            when t.begins_on < n.begins_on then t.hours
            when t.begins_on = n.begins_on then
                greatest(0, least(t.hours, n.lessons - sum(t.hours) over (partition by t.begins_on order by t.position) + t.hours))
            else 0
        end
    from topics t
    cross join present n
    order by t.position;
end
$$;
comment on function lyceum.plan_progress(integer, uuid, uuid, date) is
    'P2: the topics of the section''s plan on a day: the number of held lessons with the topic, when the topic begins by the plan, and how '
    'many of its hours are planned to date. The topics that begin last count as far as the section has had lessons since then, cancelled '
    'ones included; all earlier ones count whole.';

create or replace function lyceum.lessons_left(p_school integer, p_section uuid, p_from date)
    returns table (number integer, date date, lesson_id uuid)
    language plpgsql stable rows 100
as $$
#variable_conflict use_column
begin
    return query
    select (row_number() over (order by l.date, l.starts_at))::integer, l.date, l.id
    from (
        select l.date, l.starts_at, l.id
        from public.lessons l
        where l.school_id = p_school and l.section_id = p_section and l.state = 'planned' and l.date >= p_from
        union all
        select t.date, t.starts_at, null
        from public.sections s
        join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
        cross join lateral (
            select max(l.timetable_date) as last
            from public.lessons l
            where l.school_id = p_school and l.section_id = p_section
        ) m
        cross join lateral lyceum.timetabled_lessons(
            p_school, greatest(p_from, m.last + 1), y.ends_on, array[p_section]
        ) t
        where s.school_id = p_school and s.id = p_section
    ) l
    order by 1;
end
$$;
comment on function lyceum.lessons_left(integer, uuid, date) is
    'P1: the lessons that a section has from a day to the end of the year: those that are planned, and after the last one that was made '
    'from the timetable those that the timetable wants.';

create or replace function lyceum.topics_left(p_school integer, p_section uuid, p_plan uuid, p_from date)
    returns table (topic_id uuid, "position" smallint, hours_left numeric, is_begun boolean)
    language plpgsql stable rows 100
as $$
#variable_conflict use_column
begin
    return query
    with given as materialized (
        select l.plan_topic_id, count(*) as lessons
        from public.lessons l
        where l.school_id = p_school and l.section_id = p_section and l.plan_topic_id is not null
            and (l.state = 'held' or l.state = 'planned' and l.date < p_from)
        group by l.plan_topic_id
    )
    select t.id, t.position, t.hours - coalesce(g.lessons, 0) - coalesce(b.lessons, 0), g.lessons is not null or b.lessons is not null
    from public.plan_topics t
    left join given g on g.plan_topic_id = t.id
    left join given b on b.plan_topic_id = t.source_id
    where t.school_id = p_school and t.plan_id = p_plan and t.correction_id is null
        and t.hours > coalesce(g.lessons, 0) + coalesce(b.lessons, 0)
    order by t.position;
end
$$;
comment on function lyceum.topics_left(integer, uuid, uuid, date) is
    'P1: the topics of the section''s plan with hours that are not given yet. Lessons that were held count as given, and so do those before '
    'p_from that nobody has recorded yet but that have a topic.';

create or replace function lyceum.shifted_topics(p_school integer, p_section uuid, p_plan uuid, p_from date)
    returns table (topic_id uuid, "position" smallint, hours_left numeric, planned_on date, planned_week smallint)
    language plpgsql stable rows 100
as $$
#variable_conflict use_column
begin
    return query
    with places as materialized (
        select t.*, floor(sum(t.hours_left) over (order by t.position) - t.hours_left)::integer + 1 as number
        from lyceum.topics_left(p_school, p_section, p_plan, p_from) t
    ), slots as materialized (
        select f.number, f.date from lyceum.lessons_left(p_school, p_section, p_from) f
    )
    select p.topic_id, p.position, p.hours_left,
        case when p.is_begun then t.planned_on else s.date end,
        case
            when p.is_begun then t.planned_week
            when s.date is not null then least(45, lyceum.week_of_year(y.starts_on, s.date))::smallint
        end
    from places p
    join public.plan_topics t on t.school_id = p_school and t.id = p.topic_id
    join public.curriculum_plans c on c.school_id = p_school and c.id = p_plan
    join public.academic_years y on y.school_id = p_school and y.id = c.academic_year_id
    left join slots s on s.number = p.number
    order by p.position;
end
$$;
comment on function lyceum.shifted_topics(integer, uuid, uuid, date) is
    'P1: the topics that are left, laid on the lessons that the section has from a day on, in their order. A topic that has begun keeps its '
    'date. The date is null if there is no lesson for the topic.';
