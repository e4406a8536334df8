-- migrate:up

create table consents (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    purpose text not null,
    given_by uuid not null,
    given_on date not null,
    withdrawn_on date,
    document text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    foreign key (school_id, given_by) references users,
    constraint consents_purpose check (purpose in ('processing', 'photo', 'publication', 'medical', 'other')),
    constraint consents_dates check (withdrawn_on >= given_on),
    constraint consents_one_at_a_time exclude using gist (
        school_id with =,
        coalesce(student_id, student_id) with =,
        purpose with =,
        coalesce(given_by, given_by) with =,
        daterange(given_on, withdrawn_on, '[)') with &&
    ) where (purpose <> 'other')
);
comment on table consents is 'K3: what a family has agreed to: for whom, to what, by whom, from when, until when.';
comment on column consents.withdrawn_on is 'The day from which it does not hold any more.';
create index consents_by_student on consents (school_id, student_id, purpose);
call lyceum.protect('consents', 'select, insert, update, delete');
create trigger version before update on consents for each row execute function lyceum.version();
create trigger audit after insert or update or delete on consents for each row execute function lyceum.audit();
create trigger deletion after delete on consents for each row execute function lyceum.record_deletion();

create function lyceum.has_consent(p_school integer, p_student uuid, p_purpose text) returns boolean
    language sql stable
    return exists (
        select from public.consents c
        where c.school_id = p_school and c.student_id = p_student and c.purpose = p_purpose
            and c.given_on <= lyceum.today() and (c.withdrawn_on is null or c.withdrawn_on > lyceum.today())
    );
comment on function lyceum.has_consent(integer, uuid, text) is 'K3: whether somebody has agreed for the pupil, and not withdrawn it.';

-- migrate:down

drop function lyceum.has_consent(integer, uuid, text);
drop table consents;
