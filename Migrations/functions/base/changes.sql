-- The log of changes: the generator of its triggers, and the declaration of each table.

create or replace function lyceum.nobody() returns uuid
    language sql immutable parallel safe
    return '00000000-0000-0000-0000-000000000000'::uuid;
comment on function lyceum.nobody() is 'The id of the circles school and office, of which a school has only one each.';

create or replace function lyceum.logged_ids(p_sources text[]) returns text
    language sql immutable
    return (
        select string_agg(
            format(
                'select %L, i.id, %L::boolean from (%s) i (id)', split_part(u.source, ': ', 1), u.n = 1,
                case when x.ids like 'select %' then x.ids else 'select ' || x.ids end
            ),
            ' union all ' order by u.n
        )
        from unnest(p_sources) with ordinality u (source, n)
        cross join lateral (select substr(u.source, strpos(u.source, ': ') + 2) as ids) x
    );
comment on function lyceum.logged_ids(text[]) is
    'For lyceum.log_changes: SQL of rows (name, id, is_first) from a list of ''name: id'' or ''name: select id …''.';
revoke execute on function lyceum.logged_ids(text[]) from public;

-- Creates the function lyceum.log_<table>() and the triggers log_made, log_changed and log_deleted of one table. They run once for
-- each statement, so a batch costs one INSERT into the log. For rows with a time of publication it also creates the function
-- lyceum.publish_<table>() and the trigger log_publication, and for rows with a first and a last day lyceum.log_days_<table>().
create or replace procedure lyceum.log_changes(
    p_table text,
    p_circles text[],
    p_entity text default null,
    p_id text default 'r.id',
    p_moves boolean default true,
    p_published text default null,
    p_gone text default 'false',
    p_names text default null,
    p_also text[] default '{}',
    p_days text[] default null
)
    language plpgsql set search_path = pg_catalog, pg_temp
as $generator$
declare
    v_columns text := 'r.school_id, c.circle, c.id, c.is_home';
    v_from text := format('cross join lateral (%s) c (circle, id, is_home)', lyceum.logged_ids(p_circles));
    v_entity text := quote_literal(coalesce(p_entity, p_table));
    v_id text := p_id;
    -- With p_entity, the row is a part of another row. Inserting or deleting the part changes that row.
    v_is_own text := (p_entity is null)::text;
    v_is_versioned boolean := exists (
        select from pg_attribute a
        where a.attrelid = format('public.%I', p_table)::regclass and a.attname = 'changed_xid' and not a.attisdropped
    );
    -- An UPDATE that changes nothing leaves the version, and so changed_xid, as it was.
    v_changed text := case when v_is_versioned then 'r.changed_xid = pg_current_xact_id()' else 'true' end;
    v_made text;
    v_written text;
    v_deleted text;
    v_was_seen text;
    v_update text;
begin
    if p_also <> '{}' then
        v_from := v_from || format(
            ' cross join lateral (select %s, %s, true union all %s) e (entity, id)', v_entity, p_id, lyceum.logged_ids(p_also)
        );
        v_is_own := format('%s and e.entity = %s', v_is_own, v_entity);
        v_entity := 'e.entity';
        v_id := 'e.id';
    end if;
    v_made := format('case when not (%s) then ''changed'' when %s then ''deleted'' else ''made'' end', v_is_own, p_gone);
    v_written := format('case when %s and %s then ''deleted'' else ''changed'' end', v_is_own, p_gone);
    v_deleted := format('case when %s then ''deleted'' else ''changed'' end', v_is_own);
    -- M12: families are told when a row appears and when it disappears. Other transactions may read the old row until this one commits,
    -- so a row that was to be published within the next 5 seconds counts as seen.
    if p_published is not null then
        v_made := format(
            'case when c.circle = ''diary'' and coalesce(%s > clock_timestamp(), true) then ''concealed'' else %s end', p_published, v_made
        );
        v_was_seen := format(
            '(coalesce(%s <= clock_timestamp() + interval ''5 seconds'', false) and not (%s))', p_published, p_gone
        );
        v_deleted := format('case when c.circle = ''diary'' and not %s then ''concealed'' else %s end', v_was_seen, v_deleted);
    end if;

    if p_published is not null or p_names is not null then
        v_update := format(
            $sql$
            select %1$s, %2$s, %7$s, array_agg(%3$s)
            from new_rows r
            join old_rows o on o.school_id = r.school_id and o.id = r.id
            %4$s
            where %5$s and c.id is not null %6$s
            group by %1$s, 5, 6
            $sql$,
            v_columns, v_entity, v_id, v_from, v_changed,
            case when p_names is null then ''
                else format(
                    'and (c.is_home or (%s) is distinct from (%s))', p_names, replace(p_names, 'r.', 'o.')
                )
            end,
            case
                when p_published is null then v_written
                else format(
                    $case$
                    case
                        when c.circle <> 'diary' then %1$s
                        when coalesce(%2$s <= clock_timestamp(), false) then
                            case
                                when %4$s then case when %5$s then 'deleted' else 'concealed' end
                                when coalesce(%3$s <= now(), false) then 'changed'
                                else 'made'
                            end
                        when %5$s then 'hidden'
                        else 'concealed'
                    end
                    $case$,
                    v_written, p_published, replace(p_published, 'r.', 'o.'), p_gone, replace(v_was_seen, 'r.', 'o.')
                )
            end
        );
    elsif p_moves then
        v_update := format(
            $sql$
            select m.school_id, m.circle, m.circle_id, m.is_home, m.entity, m.operation, array_agg(m.id)
            from (
                select %1$s, %2$s, %3$s,
                    case when not bool_or(r.is_new) then 'hidden' when bool_or(r.is_new and %6$s) then 'deleted' else 'changed' end
                from (
                    select r.*, true as is_new from new_rows r where %5$s
                    union all
                    select o.*, false from old_rows o
                    where exists (
                        select from new_rows r where r.school_id = o.school_id and %7$s = %8$s and %5$s
                    )
                ) r
                %4$s
                where c.id is not null
                group by %1$s, 5, 6
            ) m (school_id, circle, circle_id, is_home, entity, id, operation)
            group by m.school_id, m.circle, m.circle_id, m.is_home, m.entity, m.operation
            $sql$,
            v_columns, v_entity, v_id, v_from, v_changed, format('%s and %s', v_is_own, p_gone), p_id, replace(p_id, 'r.', 'o.')
        );
    else
        v_update := format(
            $sql$
            select %1$s, %2$s, %6$s, array_agg(%3$s)
            from new_rows r
            %4$s
            where %5$s and c.id is not null
            group by %1$s, 5, 6
            $sql$,
            v_columns, v_entity, v_id, v_from, v_changed, v_written
        );
    end if;

    execute format(
        $function$
        create or replace function lyceum.%1$I() returns trigger
            language plpgsql security definer set search_path = pg_catalog, pg_temp
        as $body$
        begin
            if tg_op = 'INSERT' then
                insert into public.changes (school_id, circle, circle_id, is_home, entity, operation, ids)
                select %2$s, %3$s, %4$s, array_agg(%5$s)
                from new_rows r
                %6$s
                where c.id is not null %8$s
                group by %2$s, 5, 6;
            elsif tg_op = 'UPDATE' then
                insert into public.changes (school_id, circle, circle_id, is_home, entity, operation, ids)
                %7$s;
            else
                insert into public.changes (school_id, circle, circle_id, is_home, entity, operation, ids)
                select %2$s, %3$s, %9$s, array_agg(%5$s)
                from old_rows r
                %6$s
                where c.id is not null %8$s
                group by %2$s, 5, 6;
            end if;
            return null;
        end
        $body$
        $function$,
        'log_' || p_table, v_columns, v_entity, v_made, v_id, v_from, v_update,
        case when p_names is not null then 'and c.is_home' else '' end, v_deleted
    );
    execute format('revoke execute on function lyceum.%I() from public', 'log_' || p_table);
    execute format(
        'create or replace trigger log_made after insert on public.%I referencing new table as new_rows '
        'for each statement execute function lyceum.%I()', p_table, 'log_' || p_table
    );
    execute format(
        'create or replace trigger log_changed after update on public.%I referencing old table as old_rows new table as new_rows '
        'for each statement execute function lyceum.%I()', p_table, 'log_' || p_table
    );
    execute format(
        'create or replace trigger log_deleted after delete on public.%I referencing old table as old_rows '
        'for each statement execute function lyceum.%I()', p_table, 'log_' || p_table
    );
    if p_days is not null then
        execute format(
            $function$
            create or replace function lyceum.%1$I(p_last date, p_today date) returns void
                language sql security definer set search_path = pg_catalog, pg_temp
            as $body$
                insert into public.changes (school_id, circle, circle_id, is_home, entity, operation, ids)
                select %2$s, %3$s, 'changed', array_agg(distinct %4$s)
                from public.%5$I r
                %6$s
                where r.school_id = lyceum.current_school() and c.id is not null and not (%7$s)
                    and (%8$s > p_last and %8$s <= p_today or %9$s >= p_last and %9$s < p_today)
                group by %2$s, 5
            $body$
            $function$,
            'log_days_' || p_table, v_columns, v_entity, v_id, p_table, v_from, v_is_own, p_days[1], p_days[2]
        );
        execute format('revoke execute on function lyceum.%I(date, date) from public', 'log_days_' || p_table);
    end if;
    if p_published is null then
        return;
    end if;
    execute format(
        $function$
        create or replace function lyceum.%1$I(p_ids uuid[]) returns void
            language sql security definer set search_path = pg_catalog, pg_temp
        as $body$
            insert into public.changes (school_id, circle, circle_id, is_home, entity, operation, ids)
            select %2$s, %3$s, 'made', array_agg(%4$s)
            from public.%5$I r
            %6$s
            where r.school_id = lyceum.current_school() and r.id = any (p_ids) and c.circle = 'diary' and c.id is not null
                and %7$s <= now() and %7$s > r.changed_at and not (%8$s)
            group by %2$s, 5
        $body$
        $function$,
        'publish_' || p_table, v_columns, v_entity, v_id, p_table, v_from, p_published, p_gone
    );
    execute format('revoke execute on function lyceum.%I(uuid[]) from public', 'publish_' || p_table);
    execute format(
        'create or replace trigger log_publication after insert or update on public.%I '
        'for each row when (%s > clock_timestamp()) execute function lyceum.publish_later()',
        p_table, replace(p_published, 'r.', 'new.')
    );
end
$generator$;
comment on procedure lyceum.log_changes(text, text[], text, text, boolean, text, text, text, text[], text[]) is
    'Declares the circles of a table''s rows and creates the triggers that write the log of changes. In all expressions r is the row. '
    'p_circles: ''circle: id'' or ''circle: select id …''; the first is the home circle, and every row must have it. '
    'p_entity, p_id: the entity and id to log, if the row is a part of another row. '
    'p_moves: false if the columns that determine the circles never change. p_published: the time from which families see the row (M12). '
    'p_gone: whether the row is a tombstone. p_names: the columns that other people see; an update that leaves them unchanged is logged '
    'in the home circle only, and so are inserts and deletes. '
    'p_also: ''entity: id'' or ''entity: select id …'': other rows that this change makes look different, or visible to other people. '
    'These expressions may use the circle, c. '
    'p_days: the first and the last day of the row. lyceum.log_day logs the rows of p_also when one of them comes.';
revoke execute on procedure lyceum.log_changes(text, text[], text, text, boolean, text, text, text, text[], text[]) from public;

-- One declaration for each table. ChangeLogTests compares this list with the tables.

-- The set-up
call lyceum.log_changes('school_settings', array['school: lyceum.nobody()'], 'school', 'lyceum.nobody()');
call lyceum.log_changes('academic_years', array['school: lyceum.nobody()']);
call lyceum.log_changes('terms', array['school: lyceum.nobody()']);
call lyceum.log_changes('holidays', array['school: lyceum.nobody()']);
call lyceum.log_changes('bell_schedules', array['school: lyceum.nobody()']);
call lyceum.log_changes('bell_slots', array['school: lyceum.nobody()'], 'bell_schedules', 'r.bell_schedule_id');
call lyceum.log_changes('rooms', array['school: lyceum.nobody()']);
-- Rows that show the changed name are logged in the home circle, for programs that keep a copy.
call lyceum.log_changes(
    'subjects', array['school: lyceum.nobody()'],
    p_also => array['sections: select s.id from public.sections s where s.school_id = r.school_id and s.subject_id = r.id']
);
call lyceum.log_changes('categories', array['school: lyceum.nobody()']);
call lyceum.log_changes('subject_parts', array['school: lyceum.nobody()']);
call lyceum.log_changes('attendance_codes', array['school: lyceum.nobody()']);
call lyceum.log_changes(
    'classes', array['school: lyceum.nobody()', 'class: r.id'],
    p_also => array[
        'students: select e.student_id from public.enrollments e '
            'where c.is_home and e.school_id = r.school_id and e.class_id = r.id and lyceum.holds(e.starts_on, e.ends_on, lyceum.today())',
        'sections: select s.id from public.groups g '
            'join public.sections s on s.school_id = g.school_id and s.group_id = g.id '
            'where c.is_home and g.school_id = r.school_id and g.class_id = r.id'
    ]
);
call lyceum.log_changes(
    'groups', array['school: lyceum.nobody()', 'group: r.id'],
    p_also => array[
        'sections: select s.id from public.sections s where c.is_home and s.school_id = r.school_id and s.group_id = r.id'
    ]
);
call lyceum.log_changes('sections', array['school: lyceum.nobody()', 'section: r.id', 'group: r.group_id']);

-- Only the administration reads these.
call lyceum.log_changes('orders', array['office: lyceum.nobody()']);
call lyceum.log_changes('certificates', array['office: lyceum.nobody()']);
call lyceum.log_changes('clients', array['office: lyceum.nobody()']);
call lyceum.log_changes('webhook_endpoints', array['office: lyceum.nobody()']);

-- People
call lyceum.log_changes(
    'users',
    array[
        'person: r.id',
        'school: lyceum.nobody()',
        'student: select s.id from public.students s where s.school_id = r.school_id and s.id = r.id',
        'group: select m.group_id from public.group_members m where m.school_id = r.school_id and m.student_id = r.id'
    ],
    p_names => 'r.last_name, r.first_name, r.middle_name',
    p_also => array[
        'students: select s.id from public.students s where s.school_id = r.school_id and s.id = r.id',
        'guardians: select g.id from public.guardians g where g.school_id = r.school_id and g.id = r.id',
        'staff: select s.id from public.staff s where s.school_id = r.school_id and s.id = r.id',
        'guardianships: select g.id from public.guardianships g where c.is_home and g.school_id = r.school_id and g.guardian_id = r.id',
        'classes: select t.class_id from public.class_teachers t where c.is_home and t.school_id = r.school_id and t.teacher_id = r.id',
        'sections: select t.section_id from public.section_teachers t '
            'where c.is_home and t.school_id = r.school_id and t.teacher_id = r.id'
    ]
);
-- Teachers read the positions and roles of all staff.
call lyceum.log_changes(
    'user_roles',
    array[
        'person: r.user_id',
        'school: select lyceum.nobody() from public.staff s where s.school_id = r.school_id and s.id = r.user_id'
    ],
    'users', 'r.user_id',
    p_also => array['staff: select s.id from public.staff s where s.school_id = r.school_id and s.id = r.user_id']
);
call lyceum.log_changes('staff', array['person: r.id', 'school: lyceum.nobody()']);
call lyceum.log_changes('guardians', array['person: r.id']);
call lyceum.log_changes('students', array['student: r.id', 'person: r.id']);
call lyceum.log_changes(
    'guardianships', array['student: r.student_id', 'person: r.guardian_id'],
    p_also => array['guardians: select r.guardian_id where c.circle = ''student'''],
    p_days => array['r.starts_on', 'r.ends_on']
);
call lyceum.log_changes(
    'consents', array['student: r.student_id'],
    p_also => array['students: select r.student_id where r.purpose = ''photo'''],
    p_days => array['r.given_on', 'r.withdrawn_on - 1']
);
call lyceum.log_changes('student_documents', array['student: r.student_id']);
call lyceum.log_changes('student_photos', array['student: r.id'], 'students');

-- Classes and groups of students, and their teachers
call lyceum.log_changes(
    'enrollments', array['student: r.student_id', 'class: r.class_id'],
    p_also => array['students: r.student_id', 'classes: r.class_id'],
    p_days => array['r.starts_on', 'r.ends_on']
);
-- M10: the journal of a section also shows marks that its students got in other sections of the subject. So a change of membership is
-- logged in all groups of the student.
call lyceum.log_changes(
    'group_members',
    array[
        'student: r.student_id',
        'group: select r.group_id union '
            'select m.group_id from public.group_members m where m.school_id = r.school_id and m.student_id = r.student_id'
    ],
    p_moves => false,
    -- For the family, which sees other lessons now, and for the teachers of the group, who see its students.
    p_also => array['students: select r.student_id where c.is_home or c.circle = ''group'' and c.id = r.group_id'],
    p_days => array['r.starts_on', 'r.ends_on']
);
-- Contacts that are not true yet: no feed reports them.
call lyceum.log_changes('profile_proposals', array['office: lyceum.nobody()'], p_moves => false);
call lyceum.log_changes('promotions', array['student: r.student_id']);
-- A new teacher sees more students, a former one fewer.
call lyceum.log_changes(
    'class_teachers', array['class: r.class_id', 'person: r.teacher_id'],
    p_also => array[
        'classes: r.class_id',
        'students: select e.student_id from public.enrollments e '
            'where c.circle = ''person'' and e.school_id = r.school_id and e.class_id = r.class_id'
    ],
    p_days => array['r.starts_on', 'r.ends_on']
);
call lyceum.log_changes(
    'section_teachers', array['section: r.section_id', 'person: r.teacher_id'],
    p_also => array[
        'sections: r.section_id',
        'students: select m.student_id from public.sections s '
            'join public.group_members m on m.school_id = s.school_id and m.group_id = s.group_id '
            'where c.circle = ''person'' and s.school_id = r.school_id and s.id = r.section_id'
    ],
    p_days => array['r.starts_on', 'r.ends_on']
);
call lyceum.log_changes('unlocks', array['section: r.section_id']);

-- Timetable and plans
call lyceum.log_changes('timetable_entries', array['section: r.section_id']);
call lyceum.log_changes(
    'substitutions',
    array[
        'section: select l.section_id from public.lessons l where l.school_id = r.school_id and l.id in (r.lesson_id, r.other_lesson_id)'
    ]
);
call lyceum.log_changes('calendar_links', array['person: r.owner_id'], p_moves => false);
call lyceum.log_changes('notification_preferences', array['person: r.person_id'], p_id => 'r.person_id', p_moves => false);
call lyceum.log_changes('curriculum_plans', array['office: lyceum.nobody()', 'section: r.section_id']);
-- A change of units or topics is a change of their plan (lyceum.keep_plan_content).
call lyceum.log_changes(
    'plan_corrections',
    array[
        'office: lyceum.nobody()',
        'section: select p.section_id from public.curriculum_plans p where p.school_id = r.school_id and p.id = r.plan_id'
    ],
    p_moves => false
);

-- The journal. The columns that determine the circles of its rows never change (SQLSTATE LYL02).
call lyceum.log_changes('lessons', array['section: r.section_id'], p_moves => false);
call lyceum.log_changes(
    'line_items',
    array['section: select l.section_id from public.lessons l where l.school_id = r.school_id and l.id = r.lesson_id'],
    p_moves => false, p_gone => 'r.deleted_at is not null'
);
call lyceum.log_changes(
    'marks',
    array[
        'journal: select l.section_id from public.line_items i '
            'join public.lessons l on l.school_id = i.school_id and l.id = i.lesson_id '
            'where i.school_id = r.school_id and i.id = r.line_item_id',
        'diary: r.student_id'
    ],
    p_moves => false, p_published => 'r.published_at', p_gone => 'r.kind is null'
);
call lyceum.log_changes(
    'attendance',
    array[
        'journal: select l.section_id from public.lessons l where l.school_id = r.school_id and l.id = r.lesson_id',
        'diary: r.student_id'
    ],
    p_moves => false, p_gone => 'coalesce(r.meaning, r.decided_meaning) is null'
);
call lyceum.log_changes(
    'attendance_days', array['diary: r.student_id'], p_moves => false, p_gone => 'r.meaning is null'
);
call lyceum.log_changes('absence_notes', array['diary: r.student_id'], p_moves => false);
-- A1: homework for some students is logged in their diaries, homework for all in the section.
call lyceum.log_changes(
    'homework',
    array[
        'journal: r.section_id',
        'section: select r.section_id where r.for_all',
        'diary: select s.student_id from public.homework_students s '
            'where s.school_id = r.school_id and s.homework_id = r.id and not r.for_all'
    ],
    p_gone => 'r.deleted_at is not null'
);
call lyceum.log_changes(
    'homework_students',
    array[
        'journal: select h.section_id from public.homework h where h.school_id = r.school_id and h.id = r.homework_id',
        'diary: r.student_id'
    ],
    'homework', 'r.homework_id'
);
call lyceum.log_changes('homework_completions', array['diary: r.student_id'], 'homework', 'r.homework_id');
call lyceum.log_changes(
    'feedback', array['journal: r.section_id', 'diary: r.student_id'],
    p_moves => false, p_published => 'r.published_at', p_gone => 'r.deleted_at is not null'
);
call lyceum.log_changes(
    'conduct_notes', array['office: lyceum.nobody()', 'diary: r.student_id'],
    p_moves => false, p_published => 'r.published_at', p_gone => 'r.deleted_at is not null'
);
-- A3: who of the guardians has acknowledged is for the child's own family and class teacher.
call lyceum.log_changes('acknowledgements', array['diary: r.student_id'], p_moves => false);
-- M10: a final mark follows the student, so it is logged in the journal of each section of the subject that the student belongs to.
-- There may be none, so the home circle is the office.
call lyceum.log_changes(
    'final_marks',
    array[
        'office: lyceum.nobody()',
        'diary: r.student_id',
        'journal: select distinct s.id from public.group_members m '
            'join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id '
            'where m.school_id = r.school_id and m.student_id = r.student_id and s.subject_id = r.subject_id '
            'and s.academic_year_id = r.academic_year_id'
    ],
    p_moves => false, p_published => 'r.published_at', p_gone => 'r.value_kind is null'
);
-- M10: like a final mark. Teachers of the subject see it in the journal, as a carried mark.
call lyceum.log_changes(
    'transferred_marks',
    array[
        'office: lyceum.nobody()',
        'diary: r.student_id',
        'journal: select distinct s.id from public.group_members m '
            'join public.sections s on s.school_id = m.school_id and s.group_id = m.group_id '
            'where m.school_id = r.school_id and m.student_id = r.student_id and s.subject_id = r.subject_id '
            'and s.academic_year_id = r.academic_year_id'
    ],
    p_moves => false, p_gone => 'r.kind is null'
);

-- A debt has the id of its final mark. Attempts are shown with their debt.
call lyceum.log_changes(
    'debts', array['office: lyceum.nobody()', 'diary: r.student_id'],
    p_moves => false, p_published => 'r.published_at', p_gone => 'r.state = ''cancelled'''
);
call lyceum.log_changes(
    'debt_attempts',
    array[
        'office: lyceum.nobody()',
        'diary: select d.student_id from public.debts d '
            'where d.school_id = r.school_id and d.id = r.debt_id and d.published_at <= now()'
    ],
    'debts', 'r.debt_id'
);
call lyceum.log_changes('conduct_marks', array['office: lyceum.nobody()', 'diary: r.student_id'], p_moves => false);

-- Control
call lyceum.log_changes('journal_remarks', array['journal: r.section_id'], p_moves => false);
call lyceum.log_changes('control_snapshots', array['office: lyceum.nobody()'], p_moves => false);

-- Talk
-- A3: families have no feed of contacts, so the circle student is for the class teacher.
call lyceum.log_changes('contacts', array['office: lyceum.nobody()', 'student: r.student_id'], p_moves => false);

-- Announcements and consultations. Whom an announcement reaches is decided when it is read. A withdrawn one is not deleted: managers
-- and its author still see it, and feeds report it as deleted to those whom it has reached. A1: others do not learn of it.
call lyceum.log_changes(
    'announcements',
    array[
        'office: lyceum.nobody()',
        'person: r.author_id',
        'address: select c.id from lyceum.announcement_circles(r.audience, r.starts_at) c'
    ]
);
call lyceum.log_changes('consultations', array['office: lyceum.nobody()', 'person: r.asker_id'], p_moves => false);
call lyceum.log_changes(
    'consultation_messages',
    array[
        'office: lyceum.nobody()',
        'person: select c.asker_id from public.consultations c where c.school_id = r.school_id and c.id = r.consultation_id'
    ],
    'consultations', 'r.consultation_id', p_moves => false
);
-- Where people are told: each person's own.
call lyceum.log_changes('push_subscriptions', array['person: r.person_id']);
call lyceum.log_changes('email_addresses', array['person: r.person_id'], p_id => 'r.person_id');

-- The table schools has no school_id, so its trigger is written by hand.
create or replace function lyceum.log_schools() returns trigger
    language plpgsql security definer set search_path = pg_catalog, pg_temp
as $$
begin
    insert into public.changes (school_id, circle, circle_id, is_home, entity, operation, ids)
    values (new.id, 'school', lyceum.nobody(), true, 'school', 'changed', array[lyceum.nobody()]);
    return null;
end
$$;
revoke execute on function lyceum.log_schools() from public;

create or replace trigger log_changed after update on schools
    for each row when (old is distinct from new) execute function lyceum.log_schools();
