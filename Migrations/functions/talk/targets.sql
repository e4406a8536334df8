-- The servers of others that background work sends to (docs/decisions/0060).

create or replace function lyceum.target(p_url text) returns integer
    language sql immutable
    return hashtext(lower(substring(p_url from '^[A-Za-z]+://(?:[^/?#@]*@)?([^/?#]*)')));
comment on function lyceum.target(text) is
    'A number for the host and port of the URL, for pending.target. The mail server, which only the process knows, is smtp://.';
grant execute on function lyceum.target(text) to lyceum_app;
