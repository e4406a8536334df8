-- migrate:up

create table users (
    school_id integer not null references schools,
    id uuid not null,
    last_name text not null,
    first_name text not null,
    middle_name text,
    login text,
    password_hash text,
    state text not null default 'new',
    external_id text,
    locale text not null default 'ru',
    created_at timestamptz not null default now(),
    password_changed_at timestamptz,
    activated_at timestamptz,
    blocked_at timestamptz,
    depersonalised_at timestamptz,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    constraint users_login_key unique (school_id, login),
    constraint users_login check (login = lower(login) and login !~ '\s' and login <> ''),
    constraint users_name check (last_name <> '' and first_name <> ''),
    constraint users_state check (state in ('new', 'issued', 'active', 'blocked')),
    constraint users_active check (state <> 'active' or (login is not null and password_hash is not null))
);
comment on table users is 'People of a school, whether they sign in or not. Staff, students and guardians share the id: one person may be several.';
comment on column users.login is 'Stored in lower case (a trigger sees to it), so that it is unique without regard to case; compare with lower(input).';
comment on column users.password_hash is 'scrypt with its parameters; null until the account is activated.';
comment on column users.state is 'new: no credentials; issued: a code is out (A2); active: signs in; blocked: may not.';
comment on column users.depersonalised_at is 'K2: names and contacts were replaced.';
create unique index users_external_id on users (school_id, external_id) where external_id is not null;
create index users_by_name on users (school_id, last_name, first_name, id);
call lyceum.protect('users', 'select, insert, update');

create function lyceum.normalise_login() returns trigger
    language plpgsql
as $$
begin
    new.login := lower(new.login);
    return new;
end
$$;
create trigger normalise before insert or update of login on users for each row execute function lyceum.normalise_login();
create trigger version before update on users for each row execute function lyceum.version();
create trigger audit after insert or update or delete on users for each row execute function lyceum.audit('password_hash');

create table user_roles (
    school_id integer not null,
    user_id uuid not null,
    role text not null,
    granted_at timestamptz not null default now(),
    primary key (school_id, user_id, role),
    foreign key (school_id, user_id) references users,
    constraint user_roles_role check (role in ('administrator', 'head', 'deputy_head', 'teacher', 'guardian', 'student'))
);
comment on table user_roles is 'Roles of a person. The class teacher''s role is not here: it follows from class_teachers.';
create index user_roles_by_role on user_roles (school_id, role, user_id);
call lyceum.protect('user_roles', 'select, insert, delete');
create trigger audit after insert or update or delete on user_roles for each row execute function lyceum.audit();

create table staff (
    school_id integer not null,
    id uuid not null,
    position text,
    qualification text,
    email text,
    phone text,
    hired_on date,
    left_on date,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, id) references users,
    constraint staff_dates check (left_on >= hired_on)
);
comment on table staff is 'People who work in the school.';
call lyceum.protect('staff', 'select, insert, update');
create trigger version before update on staff for each row execute function lyceum.version();
create trigger audit after insert or update or delete on staff for each row execute function lyceum.audit();

create table students (
    school_id integer not null,
    id uuid not null,
    birth_date date,
    sex text,
    personal_file text,
    email text,
    phone text,
    address text,
    health_group smallint,
    pe_group text,
    profile_confirmed_on date,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, id) references users,
    constraint students_sex check (sex in ('male', 'female')),
    constraint students_health_group check (health_group between 1 and 5),
    constraint students_pe_group check (pe_group in ('main', 'preparatory', 'special', 'exempt'))
);
comment on table students is 'Pupils, also those who have left. Where a pupil studies and in which grade level is said by enrollments.';
comment on column students.personal_file is 'Number of the personal file (личное дело).';
comment on column students.health_group is 'K2: for the class teacher, the pupil''s PE teachers and deputy heads only.';
comment on column students.pe_group is 'K2: as health_group.';
comment on column students.profile_confirmed_on is 'Day on which the family last said that the profile is right.';
call lyceum.protect('students', 'select, insert, update');
create trigger version before update on students for each row execute function lyceum.version();
create trigger audit after insert or update or delete on students for each row execute function lyceum.audit();

create table guardians (
    school_id integer not null,
    id uuid not null,
    email text,
    phone text,
    address text,
    workplace text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, id) references users
);
comment on table guardians is 'Parents and other legal representatives. Their contacts are never shown to another guardian of the child (A3).';
call lyceum.protect('guardians', 'select, insert, update');
create trigger version before update on guardians for each row execute function lyceum.version();
create trigger audit after insert or update or delete on guardians for each row execute function lyceum.audit();

-- Here and in later files coalesce(x, x) hides an exclusion constraint's column from the planner: it takes the GiST index for
-- look-ups that the btree beside it answers with a tenth of the pages.
create table guardianships (
    school_id integer not null,
    id uuid not null,
    guardian_id uuid not null,
    student_id uuid not null,
    relation text not null,
    access text not null default 'full',
    basis text,
    starts_on date not null,
    ends_on date,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, guardian_id) references guardians,
    foreign key (school_id, student_id) references students,
    constraint guardianships_self check (guardian_id <> student_id),
    constraint guardianships_relation check (relation in ('mother', 'father', 'legal_guardian', 'organisation')),
    constraint guardianships_access check (access in ('full', 'none')),
    constraint guardianships_dates check (ends_on >= starts_on),
    constraint guardianships_no_overlap exclude using gist (
        school_id with =,
        coalesce(guardian_id, guardian_id) with =,
        coalesce(student_id, student_id) with =,
        daterange(starts_on, ends_on, '[]') with &&
    )
);
comment on table guardianships is 'A3: who represents a pupil, from when to when, and whether the diary is open to them.';
comment on column guardianships.access is 'none: rights are limited by a court; closes reading at once.';
comment on column guardianships.basis is 'Document the guardianship or its limit rests on.';
comment on column guardianships.ends_on is 'Last day, inclusive; null while it lasts.';
create index guardianships_by_guardian on guardianships (school_id, guardian_id, student_id);
create index guardianships_by_student on guardianships (school_id, student_id);
call lyceum.protect('guardianships', 'select, insert, update, delete');
create trigger version before update on guardianships for each row execute function lyceum.version();
create trigger audit after insert or update or delete on guardianships for each row execute function lyceum.audit();
create trigger deletion after delete on guardianships for each row execute function lyceum.record_deletion();

create function lyceum.seen_students(p_school integer, p_user uuid) returns table (student_id uuid)
    language sql stable
as $$
    select s.id
    from public.students s
    where s.school_id = p_school and s.id = p_user
    union all
    select g.student_id
    from public.guardianships g
    where g.school_id = p_school
        and g.guardian_id = p_user
        and g.access = 'full'
        and g.starts_on <= lyceum.today()
        and (g.ends_on is null or g.ends_on >= lyceum.today())
$$;
comment on function lyceum.seen_students(integer, uuid) is
    'A1, A3: pupils whose data a family member reads today: itself and children under a guardianship with access. Is inlined, so a join keeps its indexes.';

create function lyceum.sees_student(p_school integer, p_user uuid, p_student uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (
        select from lyceum.seen_students(p_school, p_user) s where s.student_id = p_student
    );
end
$$;
comment on function lyceum.sees_student(integer, uuid, uuid) is 'A1, A3: as lyceum.seen_students, for one pupil.';

-- migrate:down

drop function lyceum.sees_student(integer, uuid, uuid);
drop function lyceum.seen_students(integer, uuid);
drop table guardianships;
drop table guardians;
drop table students;
drop table staff;
drop table user_roles;
drop table users;
drop function lyceum.normalise_login();
