create or replace function lyceum.masked(p_number text) returns text
    language sql immutable parallel safe
    return repeat('•', greatest(length(p_number) - 2, 2)) || case when length(p_number) > 2 then right(p_number, 2) else '' end;
comment on function lyceum.masked(text) is 'A number with only its last two characters visible.';
