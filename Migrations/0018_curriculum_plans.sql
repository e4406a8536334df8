-- P1: where a section's topics come from, when the content of a plan last changed, and correction sheets.

-- migrate:up

alter table curriculum_plans add column content_changed_at timestamptz not null default now();
comment on column curriculum_plans.content_changed_at is
    'When units or topics last changed. A change of them is a new version of the plan.';
update curriculum_plans set approved_at = changed_at where state = 'approved' and approved_at is null;
-- The files of functions have the rule, which knows who approves.
alter table curriculum_plans
    drop constraint curriculum_plans_approval,
    add constraint curriculum_plans_approval check (state <> 'approved' or approved_at is not null);

create table plan_corrections (
    school_id integer not null,
    id uuid not null,
    plan_id uuid not null,
    reason text not null,
    author_id uuid,
    created_at timestamptz not null default now(),
    approved_by uuid,
    approved_at timestamptz,
    hours_before numeric(6, 1),
    hours_after numeric(6, 1),
    lessons_left integer,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, plan_id) references curriculum_plans,
    foreign key (school_id, author_id) references staff,
    foreign key (school_id, approved_by) references staff,
    constraint plan_corrections_reason check (reason <> '')
);
comment on table plan_corrections is
    'P1: correction sheets (листы корректировки) of the approved plans of sections. An approved sheet has changed the plan and stays.';
comment on column plan_corrections.hours_before is 'Hours that were not given yet, before the correction. Set when it is written and approved.';
comment on column plan_corrections.hours_after is 'The same after the correction.';
comment on column plan_corrections.lessons_left is 'Lessons that the section had left until the end of the year.';
create index plan_corrections_by_plan on plan_corrections (school_id, plan_id);
call lyceum.protect('plan_corrections', 'select, insert, update, delete');

alter table plan_topics
    add column source_id uuid,
    add column correction_id uuid,
    add column merged_into_id uuid,
    add constraint plan_topics_plan_key unique (school_id, id, plan_id),
    add foreign key (school_id, correction_id) references plan_corrections,
    add constraint plan_topics_merged_into_fkey foreign key (school_id, merged_into_id, plan_id)
        references plan_topics (school_id, id, plan_id),
    add constraint plan_topics_merged check (merged_into_id is null or correction_id is not null);
comment on column plan_topics.source_id is
    'The topic of the common base that this one was copied from. Lessons that point to it count for this topic. No foreign key.';
comment on column plan_topics.correction_id is 'The correction that has dropped the topic, or merged it into another one. Null: it is taught.';
comment on column plan_topics.merged_into_id is 'The topic that this one was merged into.';

create table plan_correction_items (
    school_id integer not null,
    correction_id uuid not null,
    position smallint not null,
    plan_id uuid not null,
    kind text not null,
    topic_id uuid not null,
    topic_title text not null,
    old_hours numeric(4, 1) not null,
    hours numeric(4, 1),
    into_id uuid,
    after_id uuid,
    primary key (school_id, correction_id, position),
    foreign key (school_id, correction_id) references plan_corrections on delete cascade,
    foreign key (school_id, topic_id, plan_id) references plan_topics (school_id, id, plan_id),
    constraint plan_correction_items_into_fkey foreign key (school_id, into_id, plan_id)
        references plan_topics (school_id, id, plan_id),
    constraint plan_correction_items_after_fkey foreign key (school_id, after_id, plan_id)
        references plan_topics (school_id, id, plan_id),
    constraint plan_correction_items_topic_key unique (school_id, correction_id, topic_id),
    constraint plan_correction_items_kind check (kind in ('drop', 'merge', 'hours', 'move')),
    constraint plan_correction_items_into check ((into_id is not null) = (kind = 'merge') and into_id <> topic_id),
    constraint plan_correction_items_hours check ((hours is not null) = (kind = 'hours') and hours > 0),
    constraint plan_correction_items_after check (after_id is null or kind = 'move' and after_id <> topic_id)
);
comment on table plan_correction_items is 'What a correction does with topics, in this order.';
comment on column plan_correction_items.topic_title is 'The title at the time of the correction.';
comment on column plan_correction_items.old_hours is 'The hours at the time of the correction.';
comment on column plan_correction_items.hours is 'hours: the new hours.';
comment on column plan_correction_items.into_id is 'merge: the topic that the other one becomes a part of.';
comment on column plan_correction_items.after_id is 'move: the topic before the new place; null: the first place.';
call lyceum.protect('plan_correction_items', 'select, insert');

create index lessons_by_plan_topic on lessons (school_id, plan_topic_id) where plan_topic_id is not null;
comment on index lessons_by_plan_topic is 'Without it, each deleted topic would search all lessons.';

-- migrate:down

drop index lessons_by_plan_topic;
drop table plan_correction_items;
alter table plan_topics
    drop constraint plan_topics_merged,
    drop constraint plan_topics_merged_into_fkey,
    drop column merged_into_id,
    drop column correction_id,
    drop column source_id,
    drop constraint plan_topics_plan_key;
drop table plan_corrections;
alter table curriculum_plans
    drop column content_changed_at,
    drop constraint curriculum_plans_approval,
    add constraint curriculum_plans_approval check (state <> 'approved' or section_id is not null or approved_at is not null);
