create or replace function lyceum.is_class_teacher(p_school integer, p_user uuid, p_student uuid, p_date date) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.enrollments e
        join public.class_teachers t on t.school_id = e.school_id and t.class_id = e.class_id
        where e.school_id = p_school
            and e.student_id = p_student
            and lyceum.holds(e.starts_on, e.ends_on, p_date)
            and t.teacher_id = p_user
            and lyceum.holds(t.starts_on, t.ends_on, p_date)
    );
end
$$;
comment on function lyceum.is_class_teacher(integer, uuid, uuid, date) is
    'A4: whether the person is the student''s class teacher on the day.';

create or replace function lyceum.led_pupils(p_school integer, p_user uuid) returns table (student_id uuid, days datemultirange)
    language sql stable
as $$
    select d.student_id,
        case
            when bool_or(d.is_led) then '{(,)}'::datemultirange
            else range_agg(daterange(d.starts_on, d.ends_on, '[]'))
        end
    from (
        select e.student_id, e.starts_on, least(e.ends_on, t.ends_on) as ends_on, c.academic_year_id,
            lyceum.lasts(e.ends_on, lyceum.today()) and lyceum.lasts(t.ends_on, lyceum.today()) as is_led
        from public.class_teachers t
        join public.enrollments e on e.school_id = t.school_id and e.class_id = t.class_id
        join public.classes c on c.school_id = t.school_id and c.id = t.class_id
        where t.school_id = p_school
            and t.teacher_id = p_user
            and t.starts_on <= lyceum.today()
            and (not t.acting or t.ends_on >= lyceum.today())
            and e.starts_on <= lyceum.today()
            and lyceum.lasts(e.ends_on, t.starts_on)
            and lyceum.lasts(t.ends_on, e.starts_on)
    ) d
    join public.academic_years y on y.school_id = p_school and y.id = d.academic_year_id
    where d.is_led or y.state = 'open'
    group by d.student_id
$$;
comment on function lyceum.led_pupils(integer, uuid) is
    'A3, A4: students whom the person reads as class teacher, and for which days: all days for students of the '
    'present class; for students of a class that the person led earlier in the open year, the days of that '
    'enrollment, until the student left or the class was handed over. Who only acted as class teacher reads nothing afterwards. Inlined.';

create or replace function lyceum.led_days(p_school integer, p_user uuid, p_student uuid) returns datemultirange
    language plpgsql stable
as $$
begin
    return (select d.days from lyceum.led_pupils(p_school, p_user) d where d.student_id = p_student);
end
$$;
comment on function lyceum.led_days(integer, uuid, uuid) is
    'A3, A4: the days of lyceum.led_pupils for one student; null if there are none.';

create or replace function lyceum.led_sections(p_school integer, p_user uuid) returns table (section_id uuid, until date)
    language sql stable
as $$
    select s.id,
        max(
            case
                when upper_inf(d.days) then 'infinity'
                else upper(d.days * datemultirange(daterange(m.starts_on, m.ends_on, '[]'))) - 1
            end
        )
    from lyceum.led_pupils(p_school, p_user) d
    join public.group_members m on m.school_id = p_school and m.student_id = d.student_id
    join public.sections s on s.school_id = p_school and s.group_id = m.group_id
    where d.days && daterange(m.starts_on, m.ends_on, '[]')
    group by s.id
$$;
comment on function lyceum.led_sections(integer, uuid) is
    'Sections whose journals the person reads as class teacher of students in them, and until which day: infinity for '
    'students of the present class.';

create or replace function lyceum.led_ids(p_school integer, p_user uuid, p_today boolean) returns uuid[]
    language plpgsql stable
as $$
begin
    return array(
        select d.student_id from lyceum.led_pupils(p_school, p_user) d where upper_inf(d.days) = p_today
    );
end
$$;
comment on function lyceum.led_ids(integer, uuid, boolean) is
    'A3, A4: the students of lyceum.led_pupils whom the person leads today, or only those whom the person led '
    'earlier.';

create or replace function lyceum.led_until(p_school integer, p_user uuid, p_section uuid) returns date
    language plpgsql stable
as $$
begin
    return (select v.until from lyceum.led_sections(p_school, p_user) v where v.section_id = p_section);
end
$$;
comment on function lyceum.led_until(integer, uuid, uuid) is
    'Like lyceum.led_sections, for one section; null if it is not among them.';

-- A2: class teachers issue credentials. An app or an integration that appoints one
-- would give somebody the accounts of a class.
create or replace function lyceum.appoint_class_teacher() returns trigger
    language plpgsql
as $$
begin
    if lyceum.current_client_id() is not null then
        raise exception using
            errcode = 'LYA09', message = 'not_for_programs', detail = 'Apps and integrations do not appoint class teachers.';
    end if;
    return case tg_op when 'DELETE' then old else new end;
end
$$;

create or replace trigger appoint before insert or update or delete on class_teachers
    for each row execute function lyceum.appoint_class_teacher();
