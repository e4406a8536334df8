-- More of a profile: further phones, documents, the photo. docs/people.md says who sees what.

-- migrate:up

-- Further phones

create function lyceum.are_texts(p_texts text[], p_count integer, p_length integer) returns boolean
    language sql immutable parallel safe
    return cardinality(p_texts) <= p_count and (
        select coalesce(bool_and(t.text is not null and length(t.text) between 1 and p_length), true)
        from unnest(p_texts) as t(text)
    );
comment on function lyceum.are_texts(text[], integer, integer) is 'Whether there are at most so many texts, each of 1 to so many characters.';

alter table students
    add column other_phones text[] not null default '{}',
    add constraint students_other_phones check (lyceum.are_texts(other_phones, 5, 50));
comment on column students.other_phones is 'Beside the first one: those of a household, of a dormitory.';
alter table guardians
    add column other_phones text[] not null default '{}',
    add constraint guardians_other_phones check (lyceum.are_texts(other_phones, 5, 50));
comment on column guardians.other_phones is 'Beside the first one: at work, at home.';

create or replace view student_profiles with (security_invoker = true) as
select
    s.school_id, s.id, u.last_name, u.first_name, u.middle_name, s.birth_date, s.sex, s.personal_file,
    s.email, s.phone, s.address, s.health_group, s.pe_group, s.profile_confirmed_on, u.login, u.state, u.external_id,
    s.version + u.version - 1 as version, s.other_phones
from students s
join users u on u.school_id = s.school_id and u.id = s.id;

create or replace view guardian_profiles with (security_invoker = true) as
select
    g.school_id, g.id, u.last_name, u.first_name, u.middle_name, g.email, g.phone, g.address, g.workplace,
    u.login, u.state, u.external_id, g.version + u.version - 1 as version, g.other_phones
from guardians g
join users u on u.school_id = g.school_id and u.id = g.id;

-- As in 0017, with the phones.
create or replace function lyceum.write_person() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        -- A person who is there already becomes one more thing, and keeps the name.
        insert into public.users (school_id, id, last_name, first_name, middle_name, external_id)
        values (new.school_id, new.id, new.last_name, new.first_name, new.middle_name, new.external_id)
        on conflict (school_id, id) do nothing;
    else
        if (new.last_name, new.first_name, new.middle_name, new.external_id)
                is distinct from (old.last_name, old.first_name, old.middle_name, old.external_id)
            and tg_table_name <> 'staff_profiles' and lyceum.current_user_id() is not null
            and exists (select from public.staff s where s.school_id = new.school_id and s.id = new.id)
            and not lyceum.has_role('administrator') then
            raise exception using
                errcode = 'LYA04', message = 'not_your_person', detail = 'The names of staff are kept by administrators (A2).';
        end if;
        update public.users u
        set last_name = new.last_name, first_name = new.first_name, middle_name = new.middle_name,
            external_id = new.external_id
        where u.school_id = new.school_id and u.id = new.id
            and (u.last_name, u.first_name, u.middle_name, u.external_id)
                is distinct from (new.last_name, new.first_name, new.middle_name, new.external_id);
    end if;

    case tg_table_name
    when 'student_profiles' then
        if tg_op = 'INSERT' then
            insert into public.user_roles (school_id, user_id, role) values (new.school_id, new.id, 'student');
        end if;
        if not lyceum.sees_health(new.id)
            and (
                tg_op = 'UPDATE' and (new.health_group, new.pe_group) is distinct from (old.health_group, old.pe_group)
                or tg_op = 'INSERT' and coalesce(new.health_group::text, new.pe_group) is not null
            ) then
            raise exception using
                errcode = 'LYA03', message = 'health_not_yours', detail = 'K2: health groups are for those who see them.';
        end if;
        insert into public.students as s (
            school_id, id, birth_date, sex, personal_file, email, phone, address, health_group, pe_group,
            profile_confirmed_on, other_phones
        )
        values (
            new.school_id, new.id, new.birth_date, new.sex, new.personal_file, new.email, new.phone, new.address,
            new.health_group, new.pe_group, new.profile_confirmed_on, coalesce(new.other_phones, '{}')
        )
        on conflict (school_id, id) do update
        set birth_date = excluded.birth_date, sex = excluded.sex, personal_file = excluded.personal_file,
            email = excluded.email, phone = excluded.phone, address = excluded.address,
            health_group = excluded.health_group, pe_group = excluded.pe_group,
            profile_confirmed_on = excluded.profile_confirmed_on, other_phones = excluded.other_phones
        where tg_op = 'UPDATE';
    when 'guardian_profiles' then
        if tg_op = 'INSERT' then
            insert into public.user_roles (school_id, user_id, role) values (new.school_id, new.id, 'guardian');
        end if;
        insert into public.guardians as g (school_id, id, email, phone, address, workplace, other_phones)
        values (
            new.school_id, new.id, new.email, new.phone, new.address, new.workplace, coalesce(new.other_phones, '{}')
        )
        on conflict (school_id, id) do update
        set email = excluded.email, phone = excluded.phone, address = excluded.address, workplace = excluded.workplace,
            other_phones = excluded.other_phones
        where tg_op = 'UPDATE';
    when 'staff_profiles' then
        if tg_op = 'INSERT' and exists (
            select from public.staff s where s.school_id = new.school_id and s.id = new.id
        ) then
            raise exception using
                errcode = 'unique_violation', table = 'staff', constraint = 'staff_pkey', message = 'already_staff';
        end if;
        insert into public.staff as s (school_id, id, position, qualification, email, phone, hired_on, left_on)
        values (
            new.school_id, new.id, new.position, new.qualification, new.email, new.phone, new.hired_on, new.left_on
        )
        on conflict (school_id, id) do update
        set position = excluded.position, qualification = excluded.qualification, email = excluded.email,
            phone = excluded.phone, hired_on = excluded.hired_on, left_on = excluded.left_on,
            -- Other roles are another version.
            changed_at = case when new.roles is distinct from old.roles then now() else s.changed_at end
        where tg_op = 'UPDATE';
        delete from public.user_roles r
        where r.school_id = new.school_id and r.user_id = new.id
            and r.role in ('administrator', 'head', 'deputy_head', 'teacher') and r.role <> all (new.roles);
        insert into public.user_roles (school_id, user_id, role)
        select new.school_id, new.id, n.role from unnest(new.roles) as n(role)
        on conflict (school_id, user_id, role) do nothing;
        if tg_op = 'UPDATE' and 'administrator' = any (old.roles) and not exists (
            select from public.user_roles r where r.school_id = new.school_id and r.role = 'administrator'
        ) then
            raise exception using
                errcode = 'LYA05', message = 'last_administrator', detail = 'A school keeps one administrator at least.';
        end if;
    end case;
    return new;
end
$$;

-- Documents

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

create function lyceum.masked(p_number text) returns text
    language sql immutable parallel safe
    return repeat('•', greatest(length(p_number) - 2, 2)) || case when length(p_number) > 2 then right(p_number, 2) else '' end;
comment on function lyceum.masked(text) is 'A number of which only the last two characters are to be seen.';

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
create trigger version before update on student_documents for each row execute function lyceum.version();
-- Numbers live as long as the document does, and not in a log that nothing is taken out of.
create trigger audit after insert or update or delete on student_documents
    for each row execute function lyceum.audit('series', 'number');
create trigger deletion after delete on student_documents for each row execute function lyceum.record_deletion();

-- Photos

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

create function lyceum.audit_photo() returns trigger
    language plpgsql
as $$
declare
    v_row public.student_photos := case tg_op when 'DELETE' then old else new end;
begin
    if lyceum.current_school() is not null then
        perform lyceum.record_audit(
            lower(tg_op), 'student_photos', v_row.id,
            case when tg_op <> 'DELETE' then jsonb_build_object(
                'media_type', v_row.media_type, 'width', v_row.width, 'height', v_row.height,
                'sha256', encode(v_row.sha256, 'hex')
            ) end);
    end if;
    return null;
end
$$;
comment on function lyceum.audit_photo() is 'A5: who put a photo there and took it away; which one by its digest, and not the photo itself.';
create trigger audit after insert or update or delete on student_photos for each row execute function lyceum.audit_photo();
create trigger deletion after delete on student_photos for each row execute function lyceum.record_deletion();

create function lyceum.sees_photo(p_student uuid) returns boolean
    language sql stable
    return lyceum.has_consent(lyceum.current_school(), p_student, 'photo')
        and (lyceum.sees_profile(p_student) or lyceum.teaches_student(p_student));
comment on function lyceum.sees_photo(uuid) is
    'K3: while a consent to it holds: who reads the profile, and the teachers of the pupil.';

create function lyceum.forget_photos() returns void
    language sql
begin atomic
    delete from public.student_photos p
    where p.school_id = lyceum.current_school() and not lyceum.has_consent(p.school_id, p.id, 'photo');
end;
comment on function lyceum.forget_photos() is 'K3: deletes the school''s photos whose consent is over.';

create function lyceum.withdraw_photo() returns trigger
    language plpgsql
as $$
begin
    delete from public.student_photos p
    where p.school_id = old.school_id and p.id = old.student_id
        and not lyceum.has_consent(old.school_id, old.student_id, 'photo');
    return null;
end
$$;
comment on function lyceum.withdraw_photo() is 'K3: without consent no photo. One that ends later hides it from that day on.';
create trigger photo after update or delete on consents
    for each row when (old.purpose = 'photo') execute function lyceum.withdraw_photo();

-- Readings of what belongs to a profile

create function lyceum.record_reading(p_student uuid, p_entity text, p_id uuid) returns void
    language plpgsql
as $$
begin
    if not lyceum.leads_student(p_student)
        and not lyceum.sees_student(lyceum.current_school(), lyceum.current_user_id(), p_student)
        and (lyceum.keeps_student(p_student) or lyceum.teaches_student(p_student)) then
        perform lyceum.record_audit('read', p_entity, p_id);
    end if;
end
$$;
comment on function lyceum.record_reading(uuid, text, uuid) is
    'K2: as lyceum.record_reading of a profile, for what belongs to one.';

create function lyceum.record_document_reading(p_document uuid) returns void
    language sql
begin atomic
    select lyceum.record_reading(d.student_id, 'student_documents', d.id)
    from public.student_documents d
    where d.school_id = lyceum.current_school() and d.id = p_document;
end;
comment on function lyceum.record_document_reading(uuid) is 'K2: records that a document was read.';

-- migrate:down

drop function lyceum.record_document_reading(uuid);
drop function lyceum.record_reading(uuid, text, uuid);
drop trigger photo on consents;
drop function lyceum.withdraw_photo();
drop function lyceum.forget_photos();
drop function lyceum.sees_photo(uuid);
drop table student_photos;
drop function lyceum.audit_photo();
drop table student_documents;
drop function lyceum.masked(text);
drop function lyceum.is_snils(text);

create or replace function lyceum.write_person() returns trigger
    language plpgsql
as $$
begin
    if tg_op = 'INSERT' then
        -- A person who is there already becomes one more thing, and keeps the name.
        insert into public.users (school_id, id, last_name, first_name, middle_name, external_id)
        values (new.school_id, new.id, new.last_name, new.first_name, new.middle_name, new.external_id)
        on conflict (school_id, id) do nothing;
    else
        if (new.last_name, new.first_name, new.middle_name, new.external_id)
                is distinct from (old.last_name, old.first_name, old.middle_name, old.external_id)
            and tg_table_name <> 'staff_profiles' and lyceum.current_user_id() is not null
            and exists (select from public.staff s where s.school_id = new.school_id and s.id = new.id)
            and not lyceum.has_role('administrator') then
            raise exception using
                errcode = 'LYA04', message = 'not_your_person', detail = 'The names of staff are kept by administrators (A2).';
        end if;
        update public.users u
        set last_name = new.last_name, first_name = new.first_name, middle_name = new.middle_name,
            external_id = new.external_id
        where u.school_id = new.school_id and u.id = new.id
            and (u.last_name, u.first_name, u.middle_name, u.external_id)
                is distinct from (new.last_name, new.first_name, new.middle_name, new.external_id);
    end if;

    case tg_table_name
    when 'student_profiles' then
        if tg_op = 'INSERT' then
            insert into public.user_roles (school_id, user_id, role) values (new.school_id, new.id, 'student');
        end if;
        if not lyceum.sees_health(new.id)
            and (
                tg_op = 'UPDATE' and (new.health_group, new.pe_group) is distinct from (old.health_group, old.pe_group)
                or tg_op = 'INSERT' and coalesce(new.health_group::text, new.pe_group) is not null
            ) then
            raise exception using
                errcode = 'LYA03', message = 'health_not_yours', detail = 'K2: health groups are for those who see them.';
        end if;
        insert into public.students as s (
            school_id, id, birth_date, sex, personal_file, email, phone, address, health_group, pe_group,
            profile_confirmed_on
        )
        values (
            new.school_id, new.id, new.birth_date, new.sex, new.personal_file, new.email, new.phone, new.address,
            new.health_group, new.pe_group, new.profile_confirmed_on
        )
        on conflict (school_id, id) do update
        set birth_date = excluded.birth_date, sex = excluded.sex, personal_file = excluded.personal_file,
            email = excluded.email, phone = excluded.phone, address = excluded.address,
            health_group = excluded.health_group, pe_group = excluded.pe_group,
            profile_confirmed_on = excluded.profile_confirmed_on
        where tg_op = 'UPDATE';
    when 'guardian_profiles' then
        if tg_op = 'INSERT' then
            insert into public.user_roles (school_id, user_id, role) values (new.school_id, new.id, 'guardian');
        end if;
        insert into public.guardians as g (school_id, id, email, phone, address, workplace)
        values (new.school_id, new.id, new.email, new.phone, new.address, new.workplace)
        on conflict (school_id, id) do update
        set email = excluded.email, phone = excluded.phone, address = excluded.address, workplace = excluded.workplace
        where tg_op = 'UPDATE';
    when 'staff_profiles' then
        if tg_op = 'INSERT' and exists (
            select from public.staff s where s.school_id = new.school_id and s.id = new.id
        ) then
            raise exception using
                errcode = 'unique_violation', table = 'staff', constraint = 'staff_pkey', message = 'already_staff';
        end if;
        insert into public.staff as s (school_id, id, position, qualification, email, phone, hired_on, left_on)
        values (
            new.school_id, new.id, new.position, new.qualification, new.email, new.phone, new.hired_on, new.left_on
        )
        on conflict (school_id, id) do update
        set position = excluded.position, qualification = excluded.qualification, email = excluded.email,
            phone = excluded.phone, hired_on = excluded.hired_on, left_on = excluded.left_on,
            -- Other roles are another version.
            changed_at = case when new.roles is distinct from old.roles then now() else s.changed_at end
        where tg_op = 'UPDATE';
        delete from public.user_roles r
        where r.school_id = new.school_id and r.user_id = new.id
            and r.role in ('administrator', 'head', 'deputy_head', 'teacher') and r.role <> all (new.roles);
        insert into public.user_roles (school_id, user_id, role)
        select new.school_id, new.id, n.role from unnest(new.roles) as n(role)
        on conflict (school_id, user_id, role) do nothing;
        if tg_op = 'UPDATE' and 'administrator' = any (old.roles) and not exists (
            select from public.user_roles r where r.school_id = new.school_id and r.role = 'administrator'
        ) then
            raise exception using
                errcode = 'LYA05', message = 'last_administrator', detail = 'A school keeps one administrator at least.';
        end if;
    end case;
    return new;
end
$$;
drop view guardian_profiles;
drop view student_profiles;
create view student_profiles with (security_invoker = true) as
select
    s.school_id, s.id, u.last_name, u.first_name, u.middle_name, s.birth_date, s.sex, s.personal_file,
    s.email, s.phone, s.address, s.health_group, s.pe_group, s.profile_confirmed_on, u.login, u.state, u.external_id,
    s.version + u.version - 1 as version
from students s
join users u on u.school_id = s.school_id and u.id = s.id;
comment on view student_profiles is 'Profiles of pupils (анкета). Written through triggers.';

create view guardian_profiles with (security_invoker = true) as
select
    g.school_id, g.id, u.last_name, u.first_name, u.middle_name, g.email, g.phone, g.address, g.workplace,
    u.login, u.state, u.external_id, g.version + u.version - 1 as version
from guardians g
join users u on u.school_id = g.school_id and u.id = g.id;
comment on view guardian_profiles is 'Guardians with their contacts. Written through triggers.';

grant select, insert, update on student_profiles, guardian_profiles to lyceum_app;
create trigger write instead of insert or update on student_profiles
    for each row execute function lyceum.write_person();
create trigger write instead of insert or update on guardian_profiles
    for each row execute function lyceum.write_person();
alter table guardians drop column other_phones;
alter table students drop column other_phones;
drop function lyceum.are_texts(text[], integer, integer);
