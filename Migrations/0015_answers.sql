-- migrate:up

-- Small pieces of answers that every statement shares.

-- One expression without a subquery, so that the planner puts it in place of the call.
create function lyceum.local_moment(p_date date, p_time time) returns text
    language sql stable parallel safe
    return to_char(p_date + p_time, 'YYYY-MM-DD"T"HH24:MI:SS')
        || case
            when (p_date + p_time) at time zone 'UTC' < (p_date + p_time) at time zone current_setting('lyceum.time_zone')
                then to_char(
                    (p_date + p_time) at time zone current_setting('lyceum.time_zone') - (p_date + p_time) at time zone 'UTC',
                    '-HH24:MI'
                )
            else to_char(
                (p_date + p_time) at time zone 'UTC' - (p_date + p_time) at time zone current_setting('lyceum.time_zone'),
                '+HH24:MI'
            )
        end;
comment on function lyceum.local_moment(date, time) is
    'RFC 3339 with the school''s own offset on that day. Only lessons are shown so; every other moment is in UTC.';

create function lyceum.mark_value(p_kind text, p_number smallint, p_code text, p_due_on date) returns json
    language sql stable parallel safe
    return case p_kind
        when 'number' then ('{"kind":"number","number":' || p_number || '}')::json
        when 'code' then
            ('{"kind":"code","code":"' || p_code || case when p_due_on is null then '"}' else '","due_on":"' || p_due_on || '"}' end)::json
    end;
comment on function lyceum.mark_value(text, smallint, text, date) is 'M2: a value as the API shows it; null for a cleared mark.';

create function lyceum.moment(p_moment timestamptz) returns text
    language sql immutable parallel safe
    return to_char(p_moment at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
comment on function lyceum.moment(timestamptz) is 'RFC 3339 in UTC, for moments inside JSON that the database builds.';

create function lyceum.settle_batch(p_partial boolean) returns void
    language plpgsql stable
as $$
begin
    if current_setting('lyceum.malformed', true) = 'yes'
        or (not p_partial and current_setting('lyceum.refused', true) = 'yes') then
        raise exception using
            errcode = 'LYB01', message = 'batch_refused', detail = 'An item was refused, so the whole batch is rolled back.';
    end if;
end
$$;
comment on function lyceum.settle_batch(boolean) is
    'The last statement of a batch: undoes everything when an item was refused (lyceum.refused) and the caller wanted all or nothing, '
    'or when the batch itself was malformed (lyceum.malformed). '
    'The outcomes of the items have been answered before it.';

create function lyceum.reads_section(p_school integer, p_user uuid, p_section uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select from public.section_teachers t
        where t.school_id = p_school and t.section_id = p_section and t.teacher_id = p_user
    ) or exists (
        select from public.lessons l
        where l.school_id = p_school and l.section_id = p_section and l.teacher_id = p_user
    );
end
$$;
comment on function lyceum.reads_section(integer, uuid, uuid) is
    'Whether the person taught the section at any time, as its teacher or standing in, and so reads its whole journal.';

create function lyceum.leads_member(p_school integer, p_user uuid, p_section uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select
        from public.sections s
        join public.group_members m on m.school_id = s.school_id and m.group_id = s.group_id
        where s.school_id = p_school
            and s.id = p_section
            and lyceum.is_class_teacher(p_school, p_user, m.student_id, lyceum.today())
    );
end
$$;
comment on function lyceum.leads_member(integer, uuid, uuid) is
    'Whether pupils of the person''s class stand in the section: a class teacher reads its journal for those pupils.';

-- migrate:down

drop function lyceum.leads_member(integer, uuid, uuid);
drop function lyceum.reads_section(integer, uuid, uuid);
drop function lyceum.settle_batch(boolean);
drop function lyceum.moment(timestamptz);
drop function lyceum.mark_value(text, smallint, text, date);
drop function lyceum.local_moment(date, time);
