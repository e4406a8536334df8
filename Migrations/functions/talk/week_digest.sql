-- C3: the digest of the week.

create or replace function lyceum.write_week_digests() returns void
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_school integer := lyceum.current_school();
    v_monday date := date_trunc('week', lyceum.today())::date;
    v_first timestamptz := v_monday::timestamp at time zone current_setting('lyceum.time_zone');
    v_settings record;
begin
    -- A school without a row has the defaults.
    select case when t.school_id is null then '18:00' else t.week_digest_at end as at, t.six_day_grade_levels as six_days
    into v_settings
    from public.schools s
    left join public.school_settings t on t.school_id = s.id
    where s.id = v_school;
    if v_settings.at is null or lyceum.today() < v_monday + 4 then
        return;
    end if;

    insert into public.notifications (school_id, student_id, kind, entity, entity_id, once)
    select v_school, e.student_id, 'week_digest', 'students', e.student_id, v_monday::text
    from public.enrollments e
    join public.classes c on c.school_id = e.school_id and c.id = e.class_id
    where e.school_id = v_school
        and lyceum.holds(e.starts_on, e.ends_on, lyceum.today())
        and lyceum.is_over(v_monday + case when c.grade_level = any (v_settings.six_days) then 5 else 4 end, v_settings.at)
        and exists (
            select
            from public.notifications n
            where n.school_id = v_school and n.student_id = e.student_id and n.person_id is null and n.created_at >= v_first
                and n.kind in (
                    'mark', 'mark_changed', 'final_mark', 'final_mark_changed', 'absence', 'first_absence', 'homework', 'homework_changed',
                    'feedback', 'conduct_note', 'debt_due'
                )
        )
    order by e.student_id
    on conflict do nothing;
end
$$;
comment on function lyceum.write_week_digests() is
    'C3: writes the digest of this week for each student with something to tell, once the last school day of the student''s grade level has '
    'come to the time that the school has set (Friday, or Saturday with a week of six days). Late runs write it until the end of Sunday.';
revoke execute on function lyceum.write_week_digests() from public;
grant execute on function lyceum.write_week_digests() to lyceum_app;
