-- Lists show rows of other tables inside their own: the class of a student, the teachers of a section. Programs that keep a copy of
-- a list learn of changes of these rows, and of their deletion.

-- migrate:up

alter table deletions add column shown_in uuid[] not null default '{}';
comment on column deletions.shown_in is
    'The rows of other tables whose answers showed this one: the student and the class of an enrollment.';
create index deletions_by_change on deletions (school_id, entity, changed_xid);
create index enrollments_by_change on enrollments (school_id, changed_xid);
create index consents_by_change on consents (school_id, changed_xid);

-- migrate:down

drop index consents_by_change, enrollments_by_change, deletions_by_change;
alter table deletions drop column shown_in;
