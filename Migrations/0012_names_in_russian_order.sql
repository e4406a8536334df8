-- Names of people sort as Russian readers expect: Е and Ё together, whatever locale the operating system and the database have.

-- migrate:up

do $$
begin
    if not exists (select from pg_collation where collprovider = 'i') then
        raise exception using
            errcode = 'feature_not_supported',
            message = 'This PostgreSQL was built without ICU, which sorts the names of people.',
            hint = 'Use a PostgreSQL that was configured with ICU: the packages of Debian, Ubuntu, PGDG and the official image are.';
    end if;
end
$$;

create collation lyceum.names (provider = icu, locale = 'ru');
comment on collation lyceum.names is
    'Order of people''s names: е before ё before ж, and ё next to е when a later letter differs. Equality is unchanged.';

-- The functions' files create them again in this transaction.
drop view if exists student_profiles, guardian_profiles, staff_profiles;

-- The collation of the columns decides every ORDER BY, the comparison with a cursor, and the index users_by_name.
alter table users
    alter column last_name type text collate lyceum.names,
    alter column first_name type text collate lyceum.names,
    alter column middle_name type text collate lyceum.names;

-- migrate:down

alter table users
    alter column last_name type text collate "default",
    alter column first_name type text collate "default",
    alter column middle_name type text collate "default";
drop collation lyceum.names;
