-- migrate:up

create table curriculum_plans (
    school_id integer not null,
    id uuid not null,
    academic_year_id uuid not null,
    subject_id uuid not null,
    grade_level smallint not null,
    section_id uuid,
    copied_from_id uuid,
    title text not null,
    state text not null default 'draft',
    author_id uuid,
    approved_by uuid,
    approved_at timestamptz,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, academic_year_id) references academic_years,
    foreign key (school_id, subject_id) references subjects,
    foreign key (school_id, section_id) references sections,
    foreign key (school_id, copied_from_id) references curriculum_plans,
    foreign key (school_id, author_id) references staff,
    foreign key (school_id, approved_by) references staff,
    constraint curriculum_plans_grade_level check (grade_level between 1 and 11),
    constraint curriculum_plans_title check (title <> ''),
    constraint curriculum_plans_state check (state in ('draft', 'approved', 'archived')),
    constraint curriculum_plans_approval check (state <> 'approved' or section_id is not null or approved_at is not null)
);
comment on table curriculum_plans is 'P1: plans (КТП) of a subject for a grade level: the common base, and copies that belong to a section.';
comment on column curriculum_plans.section_id is 'Null: a plan of the common base. Else the section''s own copy.';
comment on column curriculum_plans.copied_from_id is 'Plan this one was copied from.';
create unique index curriculum_plans_one_per_section on curriculum_plans (school_id, section_id)
    where section_id is not null and state <> 'archived';
create index curriculum_plans_by_subject on curriculum_plans (school_id, academic_year_id, subject_id, grade_level);
create unique index curriculum_plans_external_id on curriculum_plans (school_id, external_id) where external_id is not null;
call lyceum.protect('curriculum_plans', 'select, insert, update, delete');
create trigger version before update on curriculum_plans for each row execute function lyceum.version();
create trigger deletion after delete on curriculum_plans for each row execute function lyceum.record_deletion();

create table plan_units (
    school_id integer not null,
    id uuid not null,
    plan_id uuid not null,
    position smallint not null,
    title text not null,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, plan_id) references curriculum_plans on delete cascade,
    constraint plan_units_plan_key unique (school_id, id, plan_id),
    constraint plan_units_position_key unique (school_id, plan_id, position) deferrable initially immediate,
    constraint plan_units_title check (title <> '')
);
comment on table plan_units is 'Parts (разделы) of a plan.';
call lyceum.protect('plan_units', 'select, insert, update, delete');
create trigger version before update on plan_units for each row execute function lyceum.version();
create trigger deletion after delete on plan_units for each row execute function lyceum.record_deletion();

create table plan_topics (
    school_id integer not null,
    id uuid not null,
    plan_id uuid not null,
    unit_id uuid,
    position smallint not null,
    title text not null,
    hours numeric(4, 1) not null default 1,
    planned_week smallint,
    planned_on date,
    homework text,
    is_control boolean not null default false,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, plan_id) references curriculum_plans on delete cascade,
    foreign key (school_id, unit_id, plan_id) references plan_units (school_id, id, plan_id) on delete cascade,
    constraint plan_topics_position_key unique (school_id, plan_id, position) deferrable initially immediate,
    constraint plan_topics_title check (title <> ''),
    constraint plan_topics_hours check (hours > 0),
    constraint plan_topics_planned_week check (planned_week between 1 and 45)
);
comment on table plan_topics is 'Topics of a plan in their order.';
comment on column plan_topics.position is 'Order within the whole plan, across units.';
comment on column plan_topics.hours is 'Lessons the topic takes (P2).';
comment on column plan_topics.planned_week is 'Week of the academic year, from 1.';
comment on column plan_topics.planned_on is 'Date in a section''s own copy.';
comment on column plan_topics.homework is 'Pattern of the homework.';
comment on column plan_topics.is_control is 'M9: a control work is planned here.';
create unique index plan_topics_external_id on plan_topics (school_id, external_id) where external_id is not null;
call lyceum.protect('plan_topics', 'select, insert, update, delete');
create trigger version before update on plan_topics for each row execute function lyceum.version();
create trigger deletion after delete on plan_topics for each row execute function lyceum.record_deletion();

-- migrate:down

drop table plan_topics;
drop table plan_units;
drop table curriculum_plans;
