-- Columns that the API sets once. The WHEN of each trigger names them.
create or replace function lyceum.refuse_move() returns trigger
    language plpgsql
as $$
begin
    raise exception using
        errcode = 'LYL02', message = 'not_movable',
        detail = format('Columns of %s that never change were given another value.', tg_table_name);
end
$$;
