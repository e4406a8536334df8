create or replace function lyceum.copy_room() returns trigger
    language plpgsql
as $$
begin
    new.exclusive_room := coalesce(
        (select not r.shared from public.rooms r where r.school_id = new.school_id and r.id = new.room_id), true
    );
    return new;
end
$$;

create or replace trigger room before insert or update of room_id, exclusive_room on lessons
    for each row execute function lyceum.copy_room();

create or replace function lyceum.spread_room() returns trigger
    language plpgsql
as $$
begin
    update public.lessons l set exclusive_room = not new.shared
    where l.school_id = new.school_id and l.room_id = new.id and l.date >= lyceum.today();
    return null;
end
$$;

create or replace trigger spread after update on rooms
    for each row when (new.shared <> old.shared) execute function lyceum.spread_room();
