-- People: users and their roles, what they are (staff, pupils, guardians), guardianships, consents, documents, photos.

-- migrate:up

create function lyceum.are_texts(p_texts text[], p_count integer, p_length integer) returns boolean
    language sql immutable parallel safe
    return cardinality(p_texts) <= p_count and (
        select coalesce(bool_and(t.text is not null and length(t.text) between 1 and p_length), true)
        from unnest(p_texts) as t(text)
    );
comment on function lyceum.are_texts(text[], integer, integer) is 'Whether there are at most so many texts, each of 1 to so many characters.';

create function lyceum.is_snils(p_number text) returns boolean
    language sql immutable parallel safe
    return p_number ~ '^[0-9]{3}-?[0-9]{3}-?[0-9]{3}[ -]?[0-9]{2}$' and (
        -- Numbers up to 001-001-998 have no checksum.
        select left(d.digits, 9)::integer <= 1001998 or d.sum % 101 % 100 = right(d.digits, 2)::integer
        from (
            select translate(p_number, '- ', '') as digits, (
                select sum(substr(translate(p_number, '- ', ''), n, 1)::integer * (10 - n)) from generate_series(1, 9) as n
            ) as sum
        ) d
    );
comment on function lyceum.is_snils(text) is
    'Whether the text is the number of a pension account (СНИЛС): 11 digits, the last two of which check the others.';

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
    other_phones text[] not null default '{}',
    primary key (school_id, id),
    foreign key (school_id, id) references users,
    constraint students_sex check (sex in ('male', 'female')),
    constraint students_health_group check (health_group between 1 and 5),
    constraint students_pe_group check (pe_group in ('main', 'preparatory', 'special', 'exempt')),
    constraint students_other_phones check (lyceum.are_texts(other_phones, 5, 50))
);
comment on table students is 'Pupils, also those who have left. Where a pupil studies and in which grade level is said by enrollments.';
comment on column students.personal_file is 'Number of the personal file (личное дело).';
comment on column students.health_group is 'K2: for the class teacher, the pupil''s PE teachers and deputy heads only.';
comment on column students.pe_group is 'K2: as health_group.';
comment on column students.profile_confirmed_on is 'Day on which the family last said that the profile is right.';
comment on column students.other_phones is 'Beside the first one: those of a household, of a dormitory.';
call lyceum.protect('students', 'select, insert, update');

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
    other_phones text[] not null default '{}',
    primary key (school_id, id),
    foreign key (school_id, id) references users,
    constraint guardians_other_phones check (lyceum.are_texts(other_phones, 5, 50))
);
comment on table guardians is 'Parents and other legal representatives. Their contacts are never shown to another guardian of the child (A3).';
comment on column guardians.other_phones is 'Beside the first one: at work, at home.';
call lyceum.protect('guardians', 'select, insert, update');

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

create table student_documents (
    school_id integer not null,
    id uuid not null,
    student_id uuid not null,
    kind text not null,
    series text,
    number text not null,
    issued_by text,
    issued_on date,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, student_id) references students,
    constraint student_documents_kind check (
        kind in ('passport', 'birth_certificate', 'snils', 'oms_policy', 'foreign_passport', 'other')
    ),
    constraint student_documents_series check (
        case kind
            when 'passport' then series is not null and series ~ '^[0-9]{2} ?[0-9]{2}$'
            when 'snils' then series is null
            else true
        end
    ),
    constraint student_documents_number check (
        case kind
            when 'passport' then number ~ '^[0-9]{6}$'
            when 'snils' then lyceum.is_snils(number)
            when 'oms_policy' then number ~ '^[0-9]{16}$'
            else number <> ''
        end
    )
);
comment on table student_documents is
    'Documents of pupils. For who keeps the profile, whose readings are recorded unless it is the class teacher (K2), and the family.';
comment on column student_documents.kind is
    'passport: внутренний паспорт РФ; birth_certificate: свидетельство о рождении; snils: СНИЛС; oms_policy: полис ОМС; foreign_passport: of another state, or for travel.';
create unique index student_documents_kind_key on student_documents (school_id, student_id, kind) where kind <> 'other';
create index student_documents_by_student on student_documents (school_id, student_id, kind);
call lyceum.protect('student_documents', 'select, insert, update, delete');

create table student_photos (
    school_id integer not null,
    id uuid not null,
    media_type text not null,
    width integer not null,
    height integer not null,
    content bytea not null,
    sha256 bytea not null,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    foreign key (school_id, id) references students,
    constraint student_photos_media_type check (media_type in ('image/jpeg', 'image/png', 'image/webp')),
    constraint student_photos_size check (width between 1 and 4096 and height between 1 and 4096),
    constraint student_photos_content check (octet_length(content) between 1 and 2097152),
    constraint student_photos_sha256 check (sha256 = sha256(content))
);
comment on table student_photos is
    'K3: a pupil''s photo, while somebody''s consent to it holds. The id is the pupil''s. Without metadata: those are taken out before.';
comment on column student_photos.content is 'Compressed already: kept outside of the row as it is.';
alter table student_photos alter column content set storage external;
call lyceum.protect('student_photos', 'select, insert, update, delete');

-- migrate:down

drop table
    student_photos,
    student_documents,
    consents,
    guardianships,
    guardians,
    students,
    staff,
    user_roles,
    users;
drop function lyceum.is_snils(text);
drop function lyceum.are_texts(text[], integer, integer);
