-- How many reports one person may order, and who may fetch them.

create or replace function lyceum.check_report_job() returns trigger
    language plpgsql
as $$
begin
    -- The requests of one person take turns, so that each counts the others.
    perform from public.users u where u.school_id = new.school_id and u.id = new.person_id for no key update;
    if (
        select count(*) >= 20 or count(*) filter (where j.state in ('waiting', 'running')) >= 3
        from public.report_jobs j
        where j.school_id = new.school_id and j.person_id = new.person_id
    ) then
        raise exception using
            errcode = 'LYJ01', message = 'too_many_report_jobs',
            detail = 'A person has at most 3 jobs that have not ended, and at most 20 in all.';
    end if;
    return new;
end
$$;

create or replace trigger bound before insert on report_jobs for each row execute function lyceum.check_report_job();

-- Results are documents of a moment: nobody takes rows out of them when a right ends, or a mark is held back.
create or replace function lyceum.standing(p_school integer, p_person uuid) returns text
    language sql stable security definer set search_path = pg_catalog, pg_temp
begin atomic
    with classes as (
        select t.class_id
        from public.class_teachers t
        where t.school_id = p_school and t.teacher_id = p_person and lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
    ), students as (
        select s.student_id from lyceum.seen_students(p_school, p_person) s
        union
        select e.student_id
        from classes c
        join public.enrollments e on e.school_id = p_school and e.class_id = c.class_id
            and lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
    ), facts as (
        select r.role as fact from public.user_roles r where r.school_id = p_school and r.user_id = p_person
        union all
        select c.class_id::text from classes c
        union all
        select t.section_id::text
        from public.section_teachers t
        where t.school_id = p_school and t.teacher_id = p_person and lyceum.holds(t.starts_on, t.ends_on, lyceum.today())
        union all
        select s.student_id::text from students s
        union all
        select k.id::text
        from students s
        cross join lateral (
            select m.id from public.marks m
            where m.school_id = p_school and m.student_id = s.student_id and (m.published_at > now() or m.published_at is null)
            union all
            select f.id from public.final_marks f
            where f.school_id = p_school and f.student_id = s.student_id and (f.published_at > now() or f.published_at is null)
            union all
            select b.id from public.feedback b
            where b.school_id = p_school and b.student_id = s.student_id and (b.published_at > now() or b.published_at is null)
            union all
            select n.id from public.conduct_notes n
            where n.school_id = p_school and n.student_id = s.student_id and (n.published_at > now() or n.published_at is null)
        ) k
    )
    select md5(coalesce(string_agg(f.fact, ' ' order by f.fact), '')) from facts f;
end;
comment on function lyceum.standing(integer, uuid) is
    'A digest of what a person may read today: roles, led classes and taught sections, and the students of a family or a class with what is '
    'held back of them (A3, M12). A result of a report that was made with another standing is not given out.';
revoke execute on function lyceum.standing(integer, uuid) from public;
grant execute on function lyceum.standing(integer, uuid) to lyceum_app;
