-- Memberships in subgroups that ended with an enrollment, as they were before. When the enrollment continues after all, such as when
-- a class change is undone, they are restored (L5).

-- migrate:up

create table ended_memberships (
    school_id integer not null,
    enrollment_id uuid not null,
    id uuid not null,
    group_id uuid not null,
    student_id uuid not null,
    starts_on date not null,
    ends_on date,
    primary key (school_id, enrollment_id, id),
    foreign key (school_id, enrollment_id) references enrollments on delete cascade,
    foreign key (school_id, group_id) references groups on delete cascade,
    foreign key (school_id, student_id) references students
);
comment on table ended_memberships is
    'L5: memberships in subgroups that the end of an enrollment shortened or deleted. Written by the trigger lyceum.follow_enrollment.';
comment on column ended_memberships.id is 'The id of the membership.';
comment on column ended_memberships.ends_on is 'The last day before the enrollment ended it; null: it had none.';
create index ended_memberships_by_group on ended_memberships (school_id, group_id);
call lyceum.protect('ended_memberships', 'select, insert, update, delete');

-- migrate:down

drop table ended_memberships;
