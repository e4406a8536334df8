-- Who revoked an unlock, under which unlock a mark was written (M4), and control works that a deputy head allowed (M9).

-- migrate:up

alter table unlocks
    add column revoked_by uuid,
    add constraint unlocks_revoked_by_fkey foreign key (school_id, revoked_by) references staff;
comment on column unlocks.revoked_at is 'When it was revoked. The row stays: marks may have been written under it.';
comment on column unlocks.revoked_by is 'Who revoked it; null for the command line.';

alter table mark_history add column unlock_id uuid;
comment on column mark_history.unlock_id is
    'M4: the unlock without which the change would have been refused. No foreign key, as of all columns here.';

alter table line_items
    add column override_reason text,
    add column overridden_by uuid,
    add constraint line_items_override_reason check (override_reason <> ''),
    add constraint line_items_overridden_by check (overridden_by is null or override_reason is not null);
comment on column line_items.override_reason is
    'M9: why a deputy head allowed a control work at this lesson although it breaks the rule.';
comment on column line_items.overridden_by is 'Who allowed it; null for the command line.';

-- The functions' files create it again, with the due dates of debts.
drop function if exists lyceum.mark_refusals(integer, uuid[], uuid[], text[], integer[], text[]);

-- migrate:down

alter table line_items
    drop constraint line_items_overridden_by,
    drop constraint line_items_override_reason,
    drop column overridden_by,
    drop column override_reason;
alter table mark_history drop column unlock_id;
alter table unlocks drop column revoked_by;
comment on column unlocks.revoked_at is null;
drop function if exists lyceum.mark_refusals(integer, uuid[], uuid[], text[], integer[], text[], date[], date[]);
