-- A class change is recorded with what the earlier enrollment had before, so that undoing it restores exactly that (L5).

-- migrate:up

create table class_changes (
    school_id integer not null,
    enrollment_id uuid not null,
    left_id uuid not null,
    starts_on date not null,
    ends_on date,
    end_reason text,
    primary key (school_id, enrollment_id),
    foreign key (school_id, enrollment_id) references enrollments on delete cascade,
    foreign key (school_id, left_id) references enrollments on delete cascade
);
comment on table class_changes is
    'L5: the enrollment that a class change created, and the one that it ended. Only such a change can be undone.';
comment on column class_changes.left_id is 'The enrollment that the class change ended.';
comment on column class_changes.starts_on is 'First day in the new class, as the class change gave it.';
comment on column class_changes.ends_on is 'Last day that the earlier enrollment had before; null: it had none.';
comment on column class_changes.end_reason is 'The reason that the earlier enrollment had for its end.';
create index class_changes_by_left on class_changes (school_id, left_id);
call lyceum.protect('class_changes', 'select, insert');

-- The functions' files create it again, with another parameter.
drop function if exists lyceum.timetable_collisions(integer, uuid[]);

-- migrate:down

drop table class_changes;
