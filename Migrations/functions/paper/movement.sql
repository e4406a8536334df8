-- The movement of students.

create or replace function lyceum.is_at_start(p_starts_on date, p_from date, p_year_starts_on date) returns boolean
    language sql immutable parallel safe
    return p_starts_on < p_from or p_starts_on = p_from and p_from <= p_year_starts_on;
comment on function lyceum.is_at_start(date, date, date) is
    'Whether a student who came into a class on p_starts_on was in it before the period: who comes on its first day arrives in it, except '
    'on the first day of the academic year.';

create or replace function lyceum.is_at_end(p_ends_on date, p_to date, p_year_ends_on date) returns boolean
    language sql immutable parallel safe
    return p_ends_on is null or p_ends_on > p_to or p_ends_on = p_to and p_to >= p_year_ends_on;
comment on function lyceum.is_at_end(date, date, date) is
    'Whether a student whose last day in a class is p_ends_on is in it after the period: whose last day is its last day leaves in it, except '
    'on the last day of the academic year.';

create or replace function lyceum.movements(p_school integer, p_from date, p_to date)
    returns table (
        enrollment_id uuid, student_id uuid, class_id uuid, kind text, day date, other_class_id uuid, order_id uuid, reason text
    )
    language sql stable rows 500
    set plan_cache_mode = force_custom_plan
as $$
    -- A stay goes on in the next enrollment if no day is between them, or only the summer.
    with years as materialized (
        select y.id, y.starts_on, y.ends_on, lead(y.starts_on) over (order by y.starts_on) as next_starts_on
        from public.academic_years y
        where y.school_id = p_school
    ), stays as materialized (
        select e.id, e.student_id, e.class_id, e.starts_on, e.ends_on, e.order_id, e.end_order_id, e.reason, e.end_reason,
            lyceum.is_at_start(e.starts_on, p_from, y.starts_on) as is_at_start,
            lyceum.is_at_end(e.ends_on, p_to, y.ends_on) as is_at_end,
            case when e.ends_on >= y.ends_on then greatest(y.next_starts_on, e.ends_on + 1) else e.ends_on + 1 end as goes_on_until
        from public.enrollments e
        join public.classes c on c.school_id = p_school and c.id = e.class_id
        join years y on y.id = c.academic_year_id
        where e.school_id = p_school and e.starts_on <= p_to
            and (e.ends_on is null or e.ends_on >= p_from - 400)
    ), chained as materialized (
        select s.*,
            lag(s.class_id) over w as earlier_class, lag(s.goes_on_until) over w >= s.starts_on as continues,
            lead(s.class_id) over w as later_class, lead(s.starts_on) over w <= s.goes_on_until as is_continued
        from (
            select s.* from stays s
            union all
            -- Enrollments that begin after the period say only whether those in it go on.
            select e.id, e.student_id, e.class_id, e.starts_on, e.ends_on, null, null, null, null, null, null, null
            from public.enrollments e
            where e.school_id = p_school and e.starts_on > p_to and e.starts_on <= p_to + 400
        ) s
        window w as (partition by s.student_id order by s.starts_on)
    )
    select c.id, c.student_id, c.class_id, case when c.continues then 'moved_in' else 'arrived' end, c.starts_on,
        case when c.continues then c.earlier_class end, c.order_id, c.reason
    from chained c
    where c.starts_on between p_from and p_to and not c.is_at_start
    union all
    select c.id, c.student_id, c.class_id, case when c.is_continued then 'moved_out' else 'left' end, c.ends_on,
        case when c.is_continued then c.later_class end, c.end_order_id, c.end_reason
    from chained c
    where c.ends_on between p_from and p_to and not c.is_at_end
$$;
comment on function lyceum.movements(integer, date, date) is
    'Who came into the classes and whose last day in a class was in these days, so that the students at the start, with arrived and '
    'moved_in, without left and moved_out, are those at the end, see lyceum.is_at_start and lyceum.is_at_end. moved: to another class of '
    'the school.';
