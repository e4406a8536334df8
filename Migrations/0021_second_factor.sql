-- migrate:up

create table second_factors (
    school_id integer not null,
    user_id uuid not null,
    secret text not null,
    begun_at timestamptz not null default now(),
    confirmed_at timestamptz,
    last_step bigint,
    tries smallint not null default 0,
    tries_since timestamptz,
    primary key (school_id, user_id),
    foreign key (school_id, user_id) references users
);
comment on table second_factors is
    'A6: secrets of authenticator apps (RFC 6238), of staff. Asked for at sign-in from the moment that the first code has confirmed one.';
comment on column second_factors.secret is 'Sealed by the server under a key of its configuration: key id, colon, ciphertext. Nothing without that key.';
comment on column second_factors.confirmed_at is 'Null while it is being set up; then it is not asked for.';
comment on column second_factors.last_step is 'The 30 seconds whose code was accepted last: no code works twice.';
comment on column second_factors.tries is 'A6: codes tried since tries_since without success, from whichever address.';
call lyceum.protect('second_factors', 'select, insert, update, delete');
-- What each sign-in writes is no change worth a record.
create trigger audit after insert or delete or update of confirmed_at on second_factors
    for each row execute function lyceum.audit('secret');

create table recovery_codes (
    school_id integer not null,
    user_id uuid not null,
    code_hash bytea not null,
    used_at timestamptz,
    primary key (school_id, user_id, code_hash),
    foreign key (school_id, user_id) references second_factors on delete cascade
);
comment on table recovery_codes is 'Each stands once for a code of the app. Stored hashed; new ones replace all.';
call lyceum.protect('recovery_codes', 'select, insert, update, delete');

alter table school_settings add column second_factor_required boolean not null default false;
comment on column school_settings.second_factor_required is
    'Whether staff sign in with a second factor only. Who has none sets it up before the first session.';

create function lyceum.lacks_second_factor(p_school integer, p_user uuid) returns boolean
    language plpgsql stable
as $$
begin
    return exists (select from public.school_settings t where t.school_id = p_school and t.second_factor_required)
        and not exists (
            select from public.second_factors f
            where f.school_id = p_school and f.user_id = p_user and f.confirmed_at is not null
        )
        and lyceum.is_staff(p_school, p_user);
end
$$;
comment on function lyceum.lacks_second_factor(integer, uuid) is
    'Whether the school asks a second factor of the person, and there is none.';

-- migrate:down

drop function lyceum.lacks_second_factor(integer, uuid);
alter table school_settings drop column second_factor_required;
drop table recovery_codes;
drop table second_factors;
