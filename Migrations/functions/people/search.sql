-- Search by name
create or replace function lyceum.name_matches(p_name text, p_query text) returns boolean
    language sql immutable parallel safe
    return (
        select coalesce(bool_and(position(' ' || w.word in ' ' || translate(lower(p_name), 'ё-', 'е ')) > 0), true)
        from regexp_split_to_table(translate(lower(p_query), 'ё-', 'е '), '\s+') as w(word)
        where w.word <> ''
    );
comment on function lyceum.name_matches(text, text) is
    'Whether each word of the query is the beginning of a word of the name. ё equals е, and the parts of a double '
    'name are words.';
