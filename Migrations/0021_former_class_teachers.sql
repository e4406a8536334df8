-- Whose class a pupil has left is read by that class teacher for the days before, and not for those after (A3, A4).

-- migrate:up

create function lyceum.led_days(p_school integer, p_user uuid, p_student uuid) returns datemultirange
    language plpgsql stable
as $$
begin
    return (
        select
            case
                when bool_or(d.is_led) then '{(,)}'::datemultirange
                else range_agg(daterange(d.starts_on, d.ends_on, '[]'))
            end
        from (
            select e.starts_on, least(e.ends_on, t.ends_on) as ends_on,
                (e.ends_on is null or e.ends_on >= lyceum.today())
                    and (t.ends_on is null or t.ends_on >= lyceum.today()) as is_led,
                c.academic_year_id
            from public.enrollments e
            join public.class_teachers t on t.school_id = e.school_id and t.class_id = e.class_id
            join public.classes c on c.school_id = e.school_id and c.id = e.class_id
            where e.school_id = p_school
                and e.student_id = p_student
                and e.starts_on <= lyceum.today()
                and t.teacher_id = p_user
                and t.starts_on <= lyceum.today()
                and (e.ends_on is null or e.ends_on >= t.starts_on)
                and (t.ends_on is null or t.ends_on >= e.starts_on)
        ) d
        join public.academic_years y on y.school_id = p_school and y.id = d.academic_year_id
        where d.is_led or y.state = 'open'
    );
end
$$;
comment on function lyceum.led_days(integer, uuid, uuid) is
    'A3, A4: the days of a pupil that the person reads as class teacher: all of them for today''s; for who led the pupil''s class '
    'earlier in the open year, those of the enrollment, until the pupil left or the class was handed over; null for others.';

create function lyceum.led_until(p_school integer, p_user uuid, p_section uuid) returns date
    language plpgsql stable
as $$
begin
    return (
        select max(
            case
                when upper_inf(d.days) then 'infinity'
                else upper(d.days * datemultirange(daterange(m.starts_on, m.ends_on, '[]'))) - 1
            end
        )
        from public.sections s
        join public.group_members m on m.school_id = s.school_id and m.group_id = s.group_id
        cross join lateral (select lyceum.led_days(p_school, p_user, m.student_id) as days) d
        where s.school_id = p_school and s.id = p_section
    );
end
$$;
comment on function lyceum.led_until(integer, uuid, uuid) is
    'The last day of a section''s journal that the person reads as class teacher of pupils in it; infinity for today''s, null for others.';

-- migrate:down

drop function lyceum.led_until(integer, uuid, uuid);
drop function lyceum.led_days(integer, uuid, uuid);
