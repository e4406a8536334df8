-- Settings that the server makes at the beginning of each transaction. 0001_base.sql has those that tables depend on.
create or replace function lyceum.current_school() returns integer
    language sql stable parallel safe
    return nullif(current_setting('lyceum.school_id', true), '')::integer;
comment on function lyceum.current_school() is 'The school of the transaction; null outside a request.';
