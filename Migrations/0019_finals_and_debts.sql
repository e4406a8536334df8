-- Final marks by the rules M7 and M11, academic debts (M13), and marks for conduct (M14).

-- migrate:up

alter table school_settings
    add column min_marks_quarter_2h smallint not null default 5,
    add column min_marks_quarter_3h smallint not null default 7,
    add column min_marks_semester_2h smallint not null default 8,
    add column min_marks_semester_3h smallint not null default 11,
    add column term_debts boolean not null default false,
    add column conduct_scale text not null default 'none',
    add constraint school_settings_min_marks_by_hours check (
        min_marks_quarter_2h between 0 and 50 and min_marks_quarter_3h between 0 and 50
        and min_marks_semester_2h between 0 and 50 and min_marks_semester_3h between 0 and 50
    ),
    add constraint school_settings_conduct_scale check (conduct_scale in ('none', 'pass', 'three', 'five'));
comment on column school_settings.min_marks_quarter is
    'M7: current marks that a final of a quarter or trimester needs in a section with less than two lessons a week.';
comment on column school_settings.min_marks_quarter_2h is 'M7: the same with two lessons a week, and less than three.';
comment on column school_settings.min_marks_quarter_3h is 'M7: the same with three lessons a week or more.';
comment on column school_settings.min_marks_semester is
    'M7: current marks that a final of a semester needs in a section with less than two lessons a week.';
comment on column school_settings.min_marks_semester_2h is 'M7: the same with two lessons a week, and less than three.';
comment on column school_settings.min_marks_semester_3h is 'M7: the same with three lessons a week or more.';
comment on column school_settings.term_debts is 'M13: whether a final mark of a term opens a debt too.';
comment on column school_settings.conduct_scale is 'M14: none, pass (2 levels), three or five levels.';

alter table final_marks
    add column order_id uuid,
    add constraint final_marks_school_id_order_id_fkey foreign key (school_id, order_id) references orders;
comment on column final_marks.order_id is 'M7: the order of an exemption. M13: the protocol under which a debt was settled.';
comment on column final_marks.reason is 'M7: why in spite of the minimum.';
alter table final_mark_history add column old_order_id uuid, add column new_order_id uuid;

-- M11: composite subjects
create table subject_parts (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    subject_id uuid not null,
    part_id uuid not null,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, subject_id) references subjects,
    foreign key (school_id, part_id) references subjects,
    constraint subject_parts_part_id_key unique (school_id, academic_year_id, part_id),
    constraint subject_parts_not_itself check (part_id <> subject_id)
);
comment on table subject_parts is
    'M11: subjects that are parts of a composite subject in a year. The year, exam and final marks of the composite subject are means '
    'over its parts; they are computed and not stored. A new year begins with the parts of the year before.';
create index subject_parts_by_subject on subject_parts (school_id, academic_year_id, subject_id);
call lyceum.protect('subject_parts', 'select, insert, update, delete');

-- M13
create table debts (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    subject_id uuid not null,
    academic_year_id uuid not null,
    term_id uuid,
    number smallint,
    code text,
    state text not null default 'open',
    opened_on date not null,
    settled_on date,
    published_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, id) references final_marks (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, subject_id) references subjects,
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, term_id) references terms,
    constraint debts_state check (state in ('open', 'settled', 'cancelled')),
    constraint debts_settled_on check ((settled_on is not null) = (state = 'settled')),
    constraint debts_value check (num_nonnulls(number, code) = 1)
);
comment on table debts is
    'M13: academic debts. A final mark of 2 or below, or not_assessed, opens one. It has the id of that final mark. Triggers write it.';
comment on column debts.number is 'The final mark that opened the debt; code: not_assessed.';
comment on column debts.state is 'cancelled: the final mark was corrected, so there was no debt.';
comment on column debts.published_at is 'M12: that of the final mark.';
create index debts_by_student on debts (school_id, student_id);
create index debts_by_day on debts (school_id, opened_on, id);
call lyceum.protect('debts', 'select');

create table debt_attempts (
    school_id integer not null,
    id uuid not null,
    debt_id uuid not null,
    ordinal smallint not null,
    held_on date not null,
    commission text,
    result text,
    number smallint,
    order_id uuid,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, debt_id) references debts,
    foreign key (school_id, order_id) references orders,
    constraint debt_attempts_ordinal_key unique (school_id, debt_id, ordinal),
    constraint debt_attempts_ordinal check (ordinal in (1, 2)),
    constraint debt_attempts_commission check (ordinal <> 2 or commission is not null),
    constraint debt_attempts_result check (result in ('passed', 'failed', 'absent')),
    constraint debt_attempts_number check (
        number is null or coalesce(case result when 'passed' then number between 3 and 5 when 'failed' then number between 1 and 2 end, false)
    ),
    constraint debt_attempts_order_id check (result is null or order_id is not null)
);
comment on table debt_attempts is 'M13: attempts to settle a debt; the second one is before a commission.';
comment on column debt_attempts.held_on is 'The day for which it is planned, or on which it was held.';
comment on column debt_attempts.commission is 'Who is in the commission.';
comment on column debt_attempts.result is 'Null: planned.';
comment on column debt_attempts.number is 'The mark. A debt that is passed without a number becomes the code pass.';
comment on column debt_attempts.order_id is 'The protocol.';
create index debt_attempts_by_order on debt_attempts (school_id, order_id) where order_id is not null;
call lyceum.protect('debt_attempts', 'select, insert, update, delete');

alter table promotions
    add column order_id uuid,
    add column settled_on date,
    add constraint promotions_school_id_order_id_fkey foreign key (school_id, order_id) references orders,
    add constraint promotions_settled_on check (settled_on is null or decision = 'conditional');
comment on column promotions.order_id is 'Y2: the council''s protocol.';
comment on column promotions.settled_on is 'M13: when the last debt of a conditional promotion was settled. A trigger writes it.';

-- M14
create table conduct_marks (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    term_id uuid not null,
    level smallint not null,
    scale text not null,
    comment text,
    recorded_by uuid default lyceum.current_user_id(),
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, term_id) references terms,
    constraint conduct_marks_student_id_key unique (school_id, student_id, term_id),
    constraint conduct_marks_comment check (comment <> ''),
    constraint conduct_marks_level check (level between 1 and case scale when 'pass' then 2 when 'three' then 3 else 5 end),
    constraint conduct_marks_scale check (scale in ('pass', 'three', 'five'))
);
comment on table conduct_marks is 'M14: marks for conduct, of a student in a term. They are no subject marks.';
comment on column conduct_marks.level is '1 is the lowest: with the scale pass, 1 is fail and 2 is pass.';
comment on column conduct_marks.scale is 'The school''s scale when the mark was given.';
comment on column conduct_marks.recorded_by is 'Who last wrote it.';
call lyceum.protect('conduct_marks', 'select, insert, update, delete');

-- migrate:down

drop table conduct_marks, debt_attempts, debts, subject_parts;
alter table promotions drop constraint promotions_settled_on, drop column settled_on, drop column order_id;
alter table final_mark_history drop column old_order_id, drop column new_order_id;
alter table final_marks drop column order_id;
alter table school_settings
    drop constraint school_settings_conduct_scale,
    drop constraint school_settings_min_marks_by_hours,
    drop column conduct_scale,
    drop column term_debts,
    drop column min_marks_semester_3h,
    drop column min_marks_semester_2h,
    drop column min_marks_quarter_3h,
    drop column min_marks_quarter_2h;
comment on column school_settings.min_marks_quarter is 'M7: current marks a final of a quarter or trimester needs.';
comment on column school_settings.min_marks_semester is 'M7: current marks a final of a semester needs.';
comment on column final_marks.reason is 'M7: why in spite of the norm, or the order of an exemption.';
