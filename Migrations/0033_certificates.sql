-- The register of certificates, and the orders of arrivals and departures (Y2).

-- migrate:up

create table certificates (
    school_id integer not null references schools,
    id uuid not null,
    student_id uuid not null,
    kind text not null,
    award text,
    entry_number integer not null,
    form_number text not null,
    issued_on date not null,
    order_id uuid not null,
    received_by text,
    is_duplicate boolean not null default false,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, order_id) references orders,
    constraint certificates_kind check (kind in ('basic', 'secondary')),
    constraint certificates_award check (
        case kind when 'basic' then award = 'honours' else award in ('medal_first', 'medal_second') end
    ),
    constraint certificates_entry_number check (entry_number > 0),
    constraint certificates_form_number check (form_number <> ''),
    constraint certificates_received_by check (received_by <> ''),
    constraint certificates_entry_number_key unique (school_id, kind, entry_number),
    constraint certificates_form_number_key unique (school_id, form_number)
);
comment on table certificates is
    'The register of certificates (книга регистрации выданных документов об образовании): of grade 9 (basic) and 11 (secondary).';
comment on column certificates.award is
    'Null: an ordinary certificate. honours: basic, with honours. medal_first (its certificate is with honours) and medal_second: secondary.';
comment on column certificates.entry_number is 'Of the entry in the register of this kind.';
comment on column certificates.form_number is 'Printed on the form.';
comment on column certificates.order_id is 'The order or council protocol that it was issued by.';
comment on column certificates.received_by is 'Who received it by proxy; null: the graduate.';
comment on column certificates.is_duplicate is 'Issued for a certificate that was lost or spoiled.';
create unique index certificates_student_id_key on certificates (school_id, student_id, kind) where not is_duplicate;
create index certificates_by_day on certificates (school_id, issued_on, entry_number, id);
create index certificates_by_order on certificates (school_id, order_id);
call lyceum.protect('certificates', 'select, insert, update, delete');

alter table enrollments
    add column order_id uuid,
    add column end_order_id uuid,
    add constraint enrollments_school_id_order_id_fkey foreign key (school_id, order_id) references orders,
    add constraint enrollments_school_id_end_order_id_fkey foreign key (school_id, end_order_id) references orders,
    add constraint enrollments_end_order_id check (end_order_id is null or ends_on is not null);
comment on column enrollments.order_id is 'Y2: the order by which the student came into the class.';
comment on column enrollments.end_order_id is 'Y2: the order by which the student left it.';
create index enrollments_by_order on enrollments (school_id, order_id) where order_id is not null;
create index enrollments_by_end_order on enrollments (school_id, end_order_id) where end_order_id is not null;
create index final_marks_by_order on final_marks (school_id, order_id) where order_id is not null;
create index promotions_by_order on promotions (school_id, order_id) where order_id is not null;

-- Its file has it with one parameter more.
drop function if exists lyceum.final_bases(integer, uuid, uuid, uuid, uuid[]);

-- migrate:down

drop function if exists lyceum.final_bases(integer, uuid, uuid, uuid, uuid[], boolean);
drop index promotions_by_order, final_marks_by_order;
alter table enrollments drop constraint enrollments_end_order_id, drop column end_order_id, drop column order_id;
drop table certificates;
