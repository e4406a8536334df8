-- migrate:up

create table line_items (
    school_id integer not null,
    id uuid not null,
    lesson_id uuid not null,
    section_id uuid not null,
    category_id uuid,
    title text,
    weight numeric(5, 2) not null default 1,
    is_default boolean not null default false,
    planned boolean not null default false,
    external_id text,
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, lesson_id, section_id) references lessons (school_id, id, section_id),
    foreign key (school_id, category_id) references categories,
    constraint line_items_weight check (weight >= 0),
    constraint line_items_title check (title <> '')
);
comment on table line_items is 'Columns of the journal: a lesson has as many as there are kinds of work. Never deleted, only marked so (M5).';
comment on column line_items.section_id is 'The lesson''s section; the foreign key keeps it equal.';
comment on column line_items.weight is 'M6: 0 does not count in the average.';
comment on column line_items.is_default is 'The column that takes marks given for the lesson as such; at most one.';
comment on column line_items.planned is 'M9: planned as a control work before the lesson.';
comment on column line_items.deleted_at is 'Tombstone.';
create unique index line_items_one_default on line_items (school_id, lesson_id) where is_default and deleted_at is null;
create index line_items_by_lesson on line_items (school_id, lesson_id);
create unique index line_items_external_id on line_items (school_id, external_id) where external_id is not null;
call lyceum.protect('line_items', 'select, insert, update');

create function lyceum.guard_line_item() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'LYL02', message = 'line_item_not_movable', detail = 'A column never changes its lesson.';
end
$$;
create trigger guard before update on line_items
    for each row when (new.lesson_id <> old.lesson_id) execute function lyceum.guard_line_item();
create trigger version before update on line_items for each row execute function lyceum.version();

create table marks (
    school_id integer not null,
    id uuid not null,
    line_item_id uuid not null,
    student_id uuid not null,
    kind text,
    number smallint,
    code text,
    due_on date,
    comment text,
    published_at timestamptz default now(),
    first_recorded_at timestamptz not null default now(),
    recorded_by uuid default lyceum.current_user_id(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, line_item_id) references line_items,
    foreign key (school_id, student_id) references students,
    constraint marks_cell_key unique (school_id, line_item_id, student_id),
    constraint marks_value check (
        case
            when kind is null then number is null and code is null
            when kind = 'number' then number is not null and number between 1 and 5 and code is null
            when kind = 'code' then number is null and code is not null and code in ('pass', 'fail', 'exempt', 'owed')
            else false
        end
    ),
    constraint marks_due_on check ((due_on is not null) = (code is not null and code = 'owed'))
);
comment on table marks is
    'Current marks (M2). A cleared mark keeps its row with a null value and a new version (M5); rows are never deleted. '
    'Has no key to schools of its own: the composite keys carry it, and a shared lock on one row per school would be hot.';
comment on column marks.kind is 'number or code; null: cleared.';
comment on column marks.due_on is 'Day by which a debt (owed) is to be paid.';
comment on column marks.published_at is 'M12: null holds the mark back; a moment in the future holds it until then.';
comment on column marks.recorded_by is 'Who last wrote the value. No foreign key: the record outlives everything.';
create index marks_by_student on marks (school_id, student_id, changed_xid);
call lyceum.protect('marks', 'select, insert, update');

-- Rules M1 to M4

create function lyceum.refusal_state(p_refusal text) returns text
    language sql immutable parallel safe
    return case p_refusal
        when 'marks_not_allowed' then 'LYM01'
        when 'value_not_allowed' then 'LYM02'
        when 'not_a_member' then 'LYM03'
        when 'edit_window_closed' then 'LYM04'
        when 'lesson_in_future' then 'LYM04'
        when 'due_before_lesson' then 'LYH01'
        when 'homework_not_allowed' then 'LYH01'
        else 'LYL02'
    end;
comment on function lyceum.refusal_state(text) is 'SQLSTATE of the rule behind a problem code.';

create function lyceum.mark_refusals(
    p_school integer, p_line_items uuid[], p_students uuid[], p_kinds text[], p_numbers integer[], p_codes text[]
) returns table (ordinal bigint, refusal text)
    language plpgsql stable rows 25
    set plan_cache_mode = force_generic_plan -- else arrays of one row are planned anew each time
as $$
#variable_conflict use_column
declare
    v_today date := lyceum.today();
begin
    return query
    select
        i.ordinal,
        coalesce(
            case
                when l.id is null then 'not_found'
                when i.kind is null and i.number is null and i.code is null then null
                when li.deleted_at is not null then 'line_item_deleted'
                when l.state = 'cancelled' then 'lesson_cancelled'
                when m.starts_on is null or c.grade_level is null then 'not_a_member'
                when s.grading = 'none' or c.grade_level = 1 then 'marks_not_allowed'
                when c.grade_level = 2 and l.date < y.second_half_starts_on then 'marks_not_allowed'
                when not coalesce(
                    case i.kind
                        when 'number' then
                            s.grading = 'marks'
                            and i.number between coalesce(ss.scale_min, 2) and coalesce(ss.scale_max, 5)
                            and i.code is null
                        when 'code' then
                            i.number is null
                            and (i.code in ('pass', 'fail') or (s.grading = 'marks' and i.code in ('exempt', 'owed')))
                    end,
                    false
                ) then 'value_not_allowed'
            end,
            case
                when l.date > v_today then 'lesson_in_future'
                when (v_today > l.date + coalesce(ss.edit_window_days, 14) or v_today > t.marks_close_on)
                    and not exists (
                        select
                        from public.unlocks u
                        where u.school_id = p_school
                            and u.section_id = l.section_id
                            and u.starts_on <= l.date
                            and u.ends_on >= l.date
                            and u.expires_on >= v_today
                            and u.revoked_at is null
                    ) then 'edit_window_closed'
            end,
            -- Clearing what should not stand there is always right, but for the window.
            case
                when m.starts_on is null and not exists (
                    select
                    from public.marks k
                    where k.school_id = p_school
                        and k.line_item_id = i.line_item_id
                        and k.student_id = i.student_id
                        and k.kind is not null
                ) then 'not_a_member'
            end
        )
    from unnest(p_line_items, p_students, p_kinds, p_numbers, p_codes)
        with ordinality as i (line_item_id, student_id, kind, number, code, ordinal)
    left join public.line_items li on li.school_id = p_school and li.id = i.line_item_id
    left join public.lessons l on l.school_id = p_school and l.id = li.lesson_id
    left join public.sections s on s.school_id = p_school and s.id = l.section_id
    left join public.academic_years y on y.school_id = p_school and y.id = s.academic_year_id
    left join public.school_settings ss on ss.school_id = p_school
    left join public.group_members m
        on m.school_id = p_school
        and m.group_id = s.group_id
        and m.student_id = i.student_id
        and m.starts_on <= l.date
        and (m.ends_on is null or m.ends_on >= l.date)
    left join public.enrollments e
        on e.school_id = p_school
        and e.student_id = i.student_id
        and e.starts_on <= l.date
        and (e.ends_on is null or e.ends_on >= l.date)
    left join public.classes c on c.school_id = p_school and c.id = e.class_id
    left join public.terms t
        on t.school_id = p_school
        and t.academic_year_id = s.academic_year_id
        and t.starts_on <= l.date
        and t.ends_on >= l.date
        and c.grade_level = any (t.grade_levels);
end
$$;
comment on function lyceum.mark_refusals(integer, uuid[], uuid[], text[], integer[], text[]) is
    'Why marks may not be written today, for a whole batch in one plan; refusal is null when one may. In the order of the checks: '
    'not_found, line_item_deleted, lesson_cancelled, not_a_member (M3), marks_not_allowed (M1), value_not_allowed (M2), '
    'lesson_in_future, edit_window_closed (M4). All three values null: clearing, which M4 alone holds back '
    '(and not_a_member where nothing stands).';

create function lyceum.mark_refusal(
    p_school integer, p_line_item uuid, p_student uuid, p_kind text, p_number integer, p_code text
) returns text
    language plpgsql stable
as $$
begin
    return (
        select r.refusal
        from lyceum.mark_refusals(
            p_school, array[p_line_item], array[p_student], array[p_kind], array[p_number], array[p_code]
        ) r
    );
end
$$;
comment on function lyceum.mark_refusal(integer, uuid, uuid, text, integer, text) is 'As lyceum.mark_refusals, for one mark.';

create function lyceum.record_mark() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        new.version := 1;
        new.changed_at := now();
        new.changed_xid := pg_current_xact_id();
    else
        if (new.line_item_id, new.student_id) is distinct from (old.line_item_id, old.student_id) then
            raise exception using
                errcode = 'LYL02', message = 'mark_not_movable', detail = 'A mark never changes its column or pupil.';
        end if;
        new.first_recorded_at := old.first_recorded_at;
    end if;
    new.recorded_by := coalesce(lyceum.current_user_id(), new.recorded_by);
    return new;
end
$$;
create trigger record before insert on marks for each row execute function lyceum.record_mark();
create trigger record_again before update on marks
    for each row when (
        (new.line_item_id, new.student_id, new.kind, new.number, new.code, new.due_on, new.comment, new.first_recorded_at, new.recorded_by)
            is distinct from
            (old.line_item_id, old.student_id, old.kind, old.number, old.code, old.due_on, old.comment, old.first_recorded_at, old.recorded_by)
    )
    execute function lyceum.record_mark();
create trigger version before update on marks for each row execute function lyceum.version();

-- Once per statement: a rule costs one plan for all the rows of a batch, and an upsert is not asked twice.
create function lyceum.check_written_marks() returns trigger
    language plpgsql
as $$
declare
    v_batch record;
    v_refused record;
begin
    for v_batch in
        select
            n.school_id, array_agg(n.line_item_id) as line_items, array_agg(n.student_id) as students,
            array_agg(n.kind) as kinds, array_agg(n.number::integer) as numbers, array_agg(n.code) as codes
        from written n
        group by n.school_id
    loop
        select r.refusal, v_batch.students[r.ordinal] as student, v_batch.line_items[r.ordinal] as line_item
        into v_refused
        from lyceum.mark_refusals(
            v_batch.school_id, v_batch.line_items, v_batch.students, v_batch.kinds, v_batch.numbers, v_batch.codes
        ) r
        -- What is not found is left to the foreign key.
        where r.refusal <> 'not_found'
        order by r.ordinal
        limit 1;

        if found then
            raise exception using
                errcode = lyceum.refusal_state(v_refused.refusal),
                message = v_refused.refusal,
                detail = format('Mark of pupil %s in column %s.', v_refused.student, v_refused.line_item);
        end if;
    end loop;
    return null;
end
$$;
create function lyceum.check_rewritten_marks() returns trigger
    language plpgsql
as $$
declare
    v_batch record;
    v_refused record;
begin
    for v_batch in
        select
            n.school_id, array_agg(n.line_item_id) as line_items, array_agg(n.student_id) as students,
            array_agg(n.kind) as kinds, array_agg(n.number::integer) as numbers, array_agg(n.code) as codes
        from written n
        join overwritten o on o.school_id = n.school_id and o.id = n.id
        -- Publishing (M12) is no change of the mark, so the window does not hold it back.
        where (n.kind, n.number, n.code, n.due_on, n.comment)
            is distinct from (o.kind, o.number, o.code, o.due_on, o.comment)
        group by n.school_id
    loop
        select r.refusal, v_batch.students[r.ordinal] as student, v_batch.line_items[r.ordinal] as line_item
        into v_refused
        from lyceum.mark_refusals(
            v_batch.school_id, v_batch.line_items, v_batch.students, v_batch.kinds, v_batch.numbers, v_batch.codes
        ) r
        where r.refusal <> 'not_found'
            -- The mark that was cleared is not seen any more.
            and not (r.refusal = 'not_a_member' and v_batch.kinds[r.ordinal] is null)
        order by r.ordinal
        limit 1;

        if found then
            raise exception using
                errcode = lyceum.refusal_state(v_refused.refusal),
                message = v_refused.refusal,
                detail = format('Mark of pupil %s in column %s.', v_refused.student, v_refused.line_item);
        end if;
    end loop;
    return null;
end
$$;
create trigger rules after insert on marks
    referencing new table as written
    for each statement execute function lyceum.check_written_marks();
create trigger rules_again after update on marks
    referencing old table as overwritten new table as written
    for each statement execute function lyceum.check_rewritten_marks();

-- History (A5)

create table mark_history (
    school_id integer not null,
    mark_id uuid not null,
    version integer not null,
    student_id uuid not null,
    line_item_id uuid not null,
    old_kind text,
    old_number smallint,
    old_code text,
    old_due_on date,
    old_comment text,
    new_kind text,
    new_number smallint,
    new_code text,
    new_due_on date,
    new_comment text,
    published_at timestamptz,
    changed_by uuid,
    changed_at timestamptz not null,
    reason text,
    request_id text,
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, mark_id, version)
);
comment on table mark_history is
    'A5: every version of every mark, append-only: the server''s role may only read. No foreign keys: the record outlives everything.';
comment on column mark_history.version is 'The version the change led to.';
comment on column mark_history.published_at is 'As in the mark after the change: families see the history of published marks.';
create index mark_history_by_person on mark_history (school_id, changed_by, changed_at);
call lyceum.protect('mark_history', 'select');

create function lyceum.record_mark_history() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    if tg_op = 'INSERT' then
        insert into public.mark_history (
            school_id, mark_id, version, student_id, line_item_id,
            new_kind, new_number, new_code, new_due_on, new_comment,
            published_at, changed_by, changed_at, reason, request_id
        )
        select
            n.school_id, n.id, n.version, n.student_id, n.line_item_id,
            n.kind, n.number, n.code, n.due_on, n.comment,
            n.published_at, nullif(current_setting('lyceum.user_id', true), '')::uuid, now(),
            nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), '')
        from written n;
    else
        insert into public.mark_history (
            school_id, mark_id, version, student_id, line_item_id,
            old_kind, old_number, old_code, old_due_on, old_comment,
            new_kind, new_number, new_code, new_due_on, new_comment,
            published_at, changed_by, changed_at, reason, request_id
        )
        select
            n.school_id, n.id, n.version, n.student_id, n.line_item_id,
            o.kind, o.number, o.code, o.due_on, o.comment,
            n.kind, n.number, n.code, n.due_on, n.comment,
            n.published_at, nullif(current_setting('lyceum.user_id', true), '')::uuid, now(),
            nullif(current_setting('lyceum.reason', true), ''), nullif(current_setting('lyceum.request_id', true), '')
        from written n
        join overwritten o on o.school_id = n.school_id and o.id = n.id
        where n.version <> o.version;
    end if;
    return null;
end
$$;
revoke execute on function lyceum.record_mark_history() from public;

create trigger history after insert on marks
    referencing new table as written
    for each statement execute function lyceum.record_mark_history();
create trigger history_again after update on marks
    referencing old table as overwritten new table as written
    for each statement execute function lyceum.record_mark_history();

-- M1 again: the day from which grade 2 gets marks may not move behind marks.
create function lyceum.guard_second_half() returns trigger
    language plpgsql
as $$
begin
    if exists (
        select
        from public.sections s
        join public.lessons l on l.school_id = s.school_id and l.section_id = s.id
        join public.line_items li on li.school_id = l.school_id and li.lesson_id = l.id
        join public.marks k on k.school_id = li.school_id and k.line_item_id = li.id
        where s.school_id = new.school_id
            and s.academic_year_id = new.id
            and l.date >= old.second_half_starts_on
            and l.date < new.second_half_starts_on
            and k.kind is not null
            and lyceum.grade_level_on(k.school_id, k.student_id, l.date) = 2
    ) then
        raise exception using
            errcode = 'LYM01', message = 'marks_not_allowed', detail = 'Grade 2 has marks before the new day.';
    end if;
    return null;
end
$$;
create trigger second_half after update on academic_years
    for each row when (new.second_half_starts_on > old.second_half_starts_on)
    execute function lyceum.guard_second_half();

-- migrate:down

drop trigger second_half on academic_years;
drop function lyceum.guard_second_half();
drop table mark_history;
drop table marks;
drop function lyceum.record_mark_history();
drop function lyceum.check_rewritten_marks();
drop function lyceum.check_written_marks();
drop function lyceum.record_mark();
drop function lyceum.mark_refusal(integer, uuid, uuid, text, integer, text);
drop function lyceum.mark_refusals(integer, uuid[], uuid[], text[], integer[], text[]);
drop function lyceum.refusal_state(text);
drop table line_items;
drop function lyceum.guard_line_item();
