-- Pseudonymous exports: the key with which a school's ids become pseudonyms.

-- migrate:up
create table pseudonym_keys (
    school_id integer not null references schools,
    -- gen_random_uuid() takes its bytes from the operating system's generator; each has 122 random bits.
    key bytea not null default uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()),
    created_at timestamptz not null default now(),
    primary key (school_id),
    constraint pseudonym_keys_key check (length(key) = 32)
);
comment on table pseudonym_keys is
    'The key with which the ids of a school''s people become the pseudonyms of exports. lyceum.keep_pseudonym_key makes it. Whoever deletes '
    'it makes it impossible to tell which person a pseudonym stands for; the next export makes new pseudonyms.';
call lyceum.protect('pseudonym_keys', 'select');

-- migrate:down
drop table pseudonym_keys;
