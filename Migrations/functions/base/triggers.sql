-- Triggers for versions (M5) and the audit log (A5), for each table that has them.

create or replace trigger version before update on school_settings for each row execute function lyceum.version();
create or replace trigger audit after insert or update or delete on school_settings for each row execute function lyceum.audit();
