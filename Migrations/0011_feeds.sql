-- The feeds read the log of changes: indexes by student no longer need the transaction of the last change.

-- migrate:up

create table lyceum.change_days (
    school_id integer primary key references schools,
    day date not null
);
comment on table lyceum.change_days is 'The last day of each school for which lyceum.log_day has told what begins and ends with it.';

drop index marks_by_student;
create index marks_by_student on marks (school_id, student_id);
drop index attendance_by_student;
create index attendance_by_student on attendance (school_id, student_id);
drop index feedback_by_student;
create index feedback_by_student on feedback (school_id, student_id);

-- migrate:down

drop table lyceum.change_days;

drop index marks_by_student;
create index marks_by_student on marks (school_id, student_id, changed_xid);
drop index attendance_by_student;
create index attendance_by_student on attendance (school_id, student_id, changed_xid);
drop index feedback_by_student;
create index feedback_by_student on feedback (school_id, student_id, changed_xid);
