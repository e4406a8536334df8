-- Search by the beginnings of words. Row-level security would keep the server's role from the indexes: an operator of full-text search
-- might tell something of rows that the policy hides, so PostgreSQL applies it after the policy. These functions run as the owner, and
-- look only at the school and the person of the transaction.

create or replace function lyceum.words_query(p_text text) returns tsquery
    language sql immutable parallel safe
    return (
        select string_agg(quote_literal(w.word) || ':*', ' & ')::tsquery
        from regexp_split_to_table(translate(lower(p_text collate lyceum.names), 'ё', 'е'), '[^[:alnum:]]+') w (word)
        where w.word <> ''
    );
comment on function lyceum.words_query(text) is
    'Finds texts (lyceum.words) that have, for each word of the query, a word that begins with it; null without a word.';

create or replace function lyceum.found_people(p_words text) returns setof uuid
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_query tsquery := lyceum.words_query(p_words);
begin
    return query
        select u.id
        from public.users u
        where u.school_id = lyceum.current_school()
            and lyceum.words_of_name(u.last_name, u.first_name, u.middle_name) @@ v_query;
end
$$;
comment on function lyceum.found_people(text) is 'People of the school whose names have words that begin with these.';
revoke execute on function lyceum.found_people(text) from public;
grant execute on function lyceum.found_people(text) to lyceum_app;

create or replace function lyceum.found_messages(p_words text) returns setof uuid
    language plpgsql stable security definer set search_path = pg_catalog, pg_temp
as $$
declare
    v_query tsquery := lyceum.words_query(p_words);
    v_school integer := lyceum.current_school();
    v_person uuid := lyceum.current_user_id();
begin
    return query
        select m.id
        from public.messages m
        join public.thread_participants p on p.school_id = m.school_id and p.thread_id = m.thread_id
        where m.school_id = v_school and m.words @@ v_query and p.person_id = v_person and p.left_at is null;
end
$$;
comment on function lyceum.found_messages(text) is
    'Messages with words that begin with these, in the threads of the person of the transaction. lyceum.thread_days has to be asked, too.';
revoke execute on function lyceum.found_messages(text) from public;
grant execute on function lyceum.found_messages(text) to lyceum_app;
