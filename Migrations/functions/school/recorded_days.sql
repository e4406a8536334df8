-- L5, M1, M3: days with records never fall outside a membership.

create or replace function lyceum.lost_records(p_school integer, p_student uuid, p_groups uuid[], p_days datemultirange)
    returns table (date date, what text, name text, section_id uuid, lesson_id uuid)
    language plpgsql stable rows 10
as $$
#variable_conflict use_column
begin
    return query
    select l.date, r.what, s.name, s.id, l.id
    from public.sections s
    join public.academic_years y on y.school_id = s.school_id and y.id = s.academic_year_id
    join public.lessons l
        on l.school_id = s.school_id
        and l.section_id = s.id
        -- The index uses the bounds.
        and l.date between coalesce(lower(p_days), '-infinity') and coalesce(upper(p_days), 'infinity')
        and l.date <@ p_days
    cross join lateral (
        select 'mark' as what
        where exists (
            select
            from public.line_items i
            join public.marks k on k.school_id = i.school_id and k.line_item_id = i.id
            where i.school_id = l.school_id and i.lesson_id = l.id and k.student_id = p_student and k.kind is not null
        )
        union all
        select 'absence'
        from public.attendance a
        where a.school_id = l.school_id
            and a.lesson_id = l.id
            and a.student_id = p_student
            and (a.meaning is not null or a.decided_meaning is not null)
        union all
        select 'feedback'
        from public.feedback f
        where f.school_id = l.school_id and f.lesson_id = l.id and f.student_id = p_student and f.deleted_at is null
    ) r
    left join public.group_members m
        on m.school_id = s.school_id
        and m.group_id = s.group_id
        and m.student_id = p_student
        and lyceum.holds(m.starts_on, m.ends_on, l.date)
    left join public.enrollments e
        on e.school_id = s.school_id
        and e.student_id = p_student
        and lyceum.holds(e.starts_on, e.ends_on, l.date)
    left join public.classes c on c.school_id = e.school_id and c.id = e.class_id
    where s.school_id = p_school
        and s.group_id = any (p_groups)
        and (
            m.id is null
            or c.id is null
            or (r.what = 'mark' and lyceum.is_before_marks(c.grade_level, l.date, y.second_half_starts_on))
        );
end
$$;
comment on function lyceum.lost_records(integer, uuid, uuid[], datemultirange) is
    'L5: marks (M1, M3), attendance and feedback of the student at lessons of the groups on the days, if the student is not a '
    'member of the group, is not enrolled, or is in a grade level without marks. Empty if there are none.';

create or replace function lyceum.lost_finals(p_school integer, p_student uuid, p_year uuid)
    returns table (date date, what text, name text, section_id uuid, lesson_id uuid)
    language plpgsql stable rows 10
as $$
#variable_conflict use_column
begin
    return query
    select coalesce(t.ends_on, y.ends_on), 'final_mark', j.name, k.section_id, null::uuid
    from public.final_marks k
    join public.academic_years y on y.school_id = k.school_id and y.id = k.academic_year_id
    join public.subjects j on j.school_id = k.school_id and j.id = k.subject_id
    left join public.terms t on t.school_id = k.school_id and t.id = k.term_id
    cross join lateral (
        -- offset 0: evaluated once per row, although it is read twice.
        select lyceum.grade_level_in(k.school_id, k.student_id, k.academic_year_id) as grade_level offset 0
    ) c
    where k.school_id = p_school
        and k.student_id = p_student
        and k.academic_year_id = p_year
        and k.value_kind is not null
        and (
            (c.grade_level is null and k.source = 'own')
            or lyceum.is_before_marks(c.grade_level, t.ends_on, y.second_half_starts_on)
        );
end
$$;
comment on function lyceum.lost_finals(integer, uuid, uuid) is
    'L5: final marks of the student in the year, if the student is not enrolled in the year and the mark was given here, or if the '
    'grade level has no marks (M1). Empty for null.';

create or replace function lyceum.refuse_lost_records(p_records jsonb, p_starts_on date, p_ends_on date) returns void
    language plpgsql immutable
as $$
begin
    if p_records is null then
        return;
    end if;
    raise exception using
        errcode = 'LYE04', message = 'recorded_days',
        detail = jsonb_build_object(
            'count', jsonb_array_length(p_records),
            'records', (
                select jsonb_agg(
                    r.record || jsonb_build_object(
                        'field',
                        case
                            when (r.record ->> 'date')::date < p_starts_on then 'starts_on'
                            when (r.record ->> 'date')::date > p_ends_on then 'ends_on'
                        end
                    )
                    order by r.n
                )
                from jsonb_array_elements(p_records) with ordinality as r (record, n)
                where r.n <= 20
            )
        )::text;
end
$$;
comment on function lyceum.refuse_lost_records(jsonb, date, date) is
    'L5: raises LYE04 recorded_days, unless the list is null. The DETAIL is JSON: the number of records, and the first 20 of them, '
    'each with the field (starts_on, ends_on) that excludes it.';

-- A transaction that writes marks or attendance holds the row of the section until its end (lyceum.hold_sections). A transaction that
-- removes days from a membership or an enrollment waits for it, and then sees the new records. The triggers are deferred, so that one
-- transaction can end a membership and start another.
create or replace function lyceum.keep_recorded_days() returns trigger
    language plpgsql
as $$
declare
    v_row record := case tg_op when 'DELETE' then old else new end;
    v_days datemultirange := '{}';
    v_groups uuid[];
    v_year uuid;
    v_starts_on date;
    v_ends_on date;
begin
    if tg_op <> 'INSERT' then
        v_days := datemultirange(daterange(old.starts_on, old.ends_on, '[]'));
    end if;
    if tg_op = 'UPDATE' then
        v_days := v_days - datemultirange(daterange(new.starts_on, new.ends_on, '[]'));
        v_starts_on := new.starts_on;
        v_ends_on := new.ends_on;
    end if;
    perform lyceum.lock_timetable(v_row.school_id);
    if tg_table_name = 'group_members' then
        v_groups := array[v_row.group_id];
    else
        -- A transaction that writes a final mark holds the row of the student.
        perform
        from public.students s
        where s.school_id = v_row.school_id and s.id = v_row.student_id
        for no key update;
        -- Memberships in groups across classes continue when an enrollment ends.
        v_groups := array(
            select distinct m.group_id
            from public.group_members m
            where m.school_id = v_row.school_id
                and m.student_id = v_row.student_id
                and v_days && daterange(m.starts_on, m.ends_on, '[]')
        );
        select c.academic_year_id into v_year
        from public.classes c
        where c.school_id = v_row.school_id and c.id = v_row.class_id;
    end if;
    perform
    from public.sections s
    where s.school_id = v_row.school_id and s.group_id = any (v_groups)
    order by s.id
    for no key update;
    perform lyceum.refuse_lost_records(
        (
            select jsonb_agg(to_jsonb(r) order by r.date, r.name, r.what)
            from (
                select * from lyceum.lost_records(v_row.school_id, v_row.student_id, v_groups, v_days)
                union all
                select * from lyceum.lost_finals(v_row.school_id, v_row.student_id, v_year)
            ) r
        ),
        v_starts_on, v_ends_on
    );
    return null;
end
$$;

drop trigger if exists recorded on group_members;
create constraint trigger recorded after delete on group_members
    deferrable initially deferred for each row execute function lyceum.keep_recorded_days();
drop trigger if exists recorded_again on group_members;
create constraint trigger recorded_again after update on group_members
    deferrable initially deferred
    for each row when (not lyceum.covers(new.starts_on, new.ends_on, old.starts_on, old.ends_on))
    execute function lyceum.keep_recorded_days();
drop trigger if exists recorded on enrollments;
create constraint trigger recorded after insert or delete on enrollments
    deferrable initially deferred for each row execute function lyceum.keep_recorded_days();
drop trigger if exists recorded_again on enrollments;
create constraint trigger recorded_again after update on enrollments
    deferrable initially deferred
    for each row when (not lyceum.covers(new.starts_on, new.ends_on, old.starts_on, old.ends_on))
    execute function lyceum.keep_recorded_days();

create or replace function lyceum.hold_sections(p_school integer, p_line_items uuid[], p_lessons uuid[]) returns void
    language plpgsql volatile
as $$
begin
    perform
    from public.sections s
    where s.school_id = p_school
        and s.id in (
            select i.section_id from public.line_items i where i.school_id = p_school and i.id = any (p_line_items)
            union all
            select l.section_id from public.lessons l where l.school_id = p_school and l.id = any (p_lessons)
        )
    order by s.id
    for share;
end
$$;
comment on function lyceum.hold_sections(integer, uuid[], uuid[]) is
    'M3: locks the sections of these columns or lessons, so that a writer of records and a writer of memberships take turns. A '
    'journal batch already holds the row of its section.';
