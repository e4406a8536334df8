-- migrate:up

create table homework (
    school_id integer not null,
    id uuid not null,
    lesson_id uuid not null,
    section_id uuid not null,
    text text not null,
    due_on date not null,
    for_all boolean not null default true,
    asks_submission boolean not null default false,
    first_recorded_at timestamptz not null default now(),
    recorded_by uuid default lyceum.current_user_id(),
    deleted_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, lesson_id, section_id) references lessons (school_id, id, section_id)
);
comment on table homework is 'Homework given at a lesson (H1). One live row for all per lesson, any number for some pupils.';
comment on column homework.lesson_id is 'The lesson at which it was given.';
comment on column homework.due_on is 'Not before the lesson; the next lesson of the section when nothing else is said (the server fills it in).';
comment on column homework.for_all is 'False: for the pupils in homework_students.';
comment on column homework.asks_submission is 'H2';
comment on column homework.deleted_at is 'Tombstone.';
create unique index homework_one_for_all on homework (school_id, lesson_id) where for_all and deleted_at is null;
create index homework_by_lesson on homework (school_id, lesson_id);
create index homework_by_section on homework (school_id, section_id, due_on);
call lyceum.protect('homework', 'select, insert, update');

create function lyceum.homework_refusal(p_school integer, p_lesson uuid, p_due_on date) returns text
    language plpgsql stable
as $$
declare
    v_date date;
    v_state text;
    v_first_grade boolean;
begin
    select l.date, l.state, coalesce(g.grade_level, 0) = 1 and not coalesce(ss.homework_in_grade_1, false)
    into v_date, v_state, v_first_grade
    from public.lessons l
    join public.sections s on s.school_id = l.school_id and s.id = l.section_id
    join public.groups g on g.school_id = s.school_id and g.id = s.group_id
    left join public.school_settings ss on ss.school_id = l.school_id
    where l.school_id = p_school and l.id = p_lesson;

    return case
        when v_date is null then 'not_found'
        when v_state = 'cancelled' then 'lesson_cancelled'
        when v_first_grade then 'homework_not_allowed'
        when p_due_on < v_date then 'due_before_lesson'
        else lyceum.lesson_refusal(p_school, p_lesson)
    end;
end
$$;
comment on function lyceum.homework_refusal(integer, uuid, date) is
    'H1, M4: why the homework may not be written, null when it may: not_found, lesson_cancelled, homework_not_allowed (grade 1), '
    'due_before_lesson, edit_window_closed.';

create function lyceum.record_homework() returns trigger
    language plpgsql
as $$
declare
    v_refusal text;
begin
    if tg_op = 'UPDATE' then
        if new.lesson_id <> old.lesson_id then
            raise exception using
                errcode = 'LYL02', message = 'homework_not_movable', detail = 'Homework never changes its lesson.';
        end if;
        new.first_recorded_at := old.first_recorded_at;
    end if;
    v_refusal := lyceum.homework_refusal(new.school_id, new.lesson_id, new.due_on);
    if new.deleted_at is not null and v_refusal <> 'edit_window_closed' then
        v_refusal := null;
    end if;
    if v_refusal <> 'not_found' then
        raise exception using
            errcode = lyceum.refusal_state(v_refusal), message = v_refusal, detail = format('Homework of lesson %s.', new.lesson_id);
    end if;
    return new;
end
$$;
create trigger record before insert on homework for each row execute function lyceum.record_homework();
create trigger record_again before update on homework
    for each row when (new is distinct from old) execute function lyceum.record_homework();
create trigger version before update on homework for each row execute function lyceum.version();

create function lyceum.stamp_homework() returns trigger
    language plpgsql
as $$
begin
    update public.lessons l set homework_first_recorded_at = now()
    where l.school_id = new.school_id and l.id = new.lesson_id and l.homework_first_recorded_at is null;
    return null;
end
$$;
create trigger stamp after insert on homework for each row execute function lyceum.stamp_homework();

create function lyceum.keep_homework_due() returns trigger
    language plpgsql
as $$
begin
    if exists (
        select
        from public.homework h
        where h.school_id = new.school_id and h.lesson_id = new.id and h.deleted_at is null and h.due_on < new.date
    ) then
        raise exception using
            errcode = 'LYH01', message = 'due_before_lesson', detail = 'Homework of the lesson is due before the new date.';
    end if;
    return new;
end
$$;
create trigger keep_homework before update on lessons
    for each row when (new.date > old.date) execute function lyceum.keep_homework_due();

create table homework_students (
    school_id integer not null,
    homework_id uuid not null,
    student_id uuid not null,
    primary key (school_id, homework_id, student_id),
    foreign key (school_id, homework_id) references homework,
    foreign key (school_id, student_id) references students
);
comment on table homework_students is 'Pupils a homework with for_all = false is for.';
create index homework_students_by_student on homework_students (school_id, student_id, homework_id);
call lyceum.protect('homework_students', 'select, insert, delete');

create table homework_completions (
    school_id integer not null,
    homework_id uuid not null,
    student_id uuid not null,
    done_at timestamptz not null default now(),
    done_by uuid default lyceum.current_user_id(),
    primary key (school_id, homework_id, student_id),
    foreign key (school_id, homework_id) references homework,
    foreign key (school_id, student_id) references students
);
comment on table homework_completions is 'H2: a family marked the homework as done.';
create index homework_completions_by_student on homework_completions (school_id, student_id, homework_id);
call lyceum.protect('homework_completions', 'select, insert, delete');

create table feedback (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    section_id uuid not null,
    lesson_id uuid,
    text text not null,
    author_id uuid default lyceum.current_user_id(),
    published_at timestamptz default now(),
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, section_id) references sections,
    foreign key (school_id, lesson_id, section_id) references lessons (school_id, id, section_id),
    foreign key (school_id, author_id) references users,
    constraint feedback_cell_key unique (school_id, lesson_id, student_id),
    constraint feedback_text check (text <> '')
);
comment on table feedback is 'Written words instead of, or beside, a mark; grade 1 has no other (M1). One row per pupil and lesson.';
comment on column feedback.lesson_id is 'Null: about the subject and not about one lesson.';
comment on column feedback.published_at is 'M12: null holds it back.';
comment on column feedback.deleted_at is 'Tombstone; writing again clears it.';
create index feedback_by_student on feedback (school_id, student_id, changed_xid);
create index feedback_by_section on feedback (school_id, section_id, student_id);
call lyceum.protect('feedback', 'select, insert, update');
create trigger version before update on feedback for each row execute function lyceum.version();

create table conduct_notes (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    lesson_id uuid,
    date date not null,
    kind text not null,
    text text not null,
    author_id uuid default lyceum.current_user_id(),
    published_at timestamptz default now(),
    created_at timestamptz not null default now(),
    deleted_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, lesson_id) references lessons,
    foreign key (school_id, author_id) references users,
    constraint conduct_notes_kind check (kind in ('praise', 'remark')),
    constraint conduct_notes_text check (text <> '')
);
comment on table conduct_notes is 'Praise and remarks about a pupil''s conduct.';
comment on column conduct_notes.deleted_at is 'Tombstone.';
create index conduct_notes_by_student on conduct_notes (school_id, student_id, date);
call lyceum.protect('conduct_notes', 'select, insert, update');
create trigger version before update on conduct_notes for each row execute function lyceum.version();

-- migrate:down

drop trigger keep_homework on lessons;
drop function lyceum.keep_homework_due();
drop table conduct_notes;
drop table feedback;
drop table homework_completions;
drop table homework_students;
drop table homework;
drop function lyceum.stamp_homework();
drop function lyceum.record_homework();
drop function lyceum.homework_refusal(integer, uuid, date);
