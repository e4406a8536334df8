-- What Migrations/ makes, sorted by name: tables, views and triggers, signatures of functions. Made by
-- `lyceum migrate dump`, never edited; a test compares it with the files.

CREATE EXTENSION btree_gist;

CREATE SCHEMA lyceum;
GRANT USAGE ON SCHEMA lyceum TO lyceum_app;

CREATE COLLATION lyceum.names (provider = icu, locale = 'ru', deterministic = t);
COMMENT ON COLLATION lyceum.names IS 'Order of people''s names: е before ё before ж, and ё next to е when a later letter differs. Equality is unchanged.';

CREATE TABLE absence_notes (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    reason text NOT NULL,
    document text,
    state text DEFAULT 'sent'::text NOT NULL,
    meaning text,
    answer text,
    author_id uuid,
    by_family boolean NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    answered_by uuid,
    answered_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT absence_notes_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT absence_notes_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT absence_notes_accepted CHECK ((meaning IS NOT NULL) = (state = 'accepted'::text)),
    CONSTRAINT absence_notes_dates CHECK (ends_on >= starts_on),
    CONSTRAINT absence_notes_length CHECK ((ends_on - starts_on) < 366),
    CONSTRAINT absence_notes_meaning CHECK (meaning = ANY (ARRAY['ill'::text, 'excused'::text, 'unexcused'::text])),
    CONSTRAINT absence_notes_state CHECK (state = ANY (ARRAY['sent'::text, 'accepted'::text, 'declined'::text]))
);
COMMENT ON TABLE absence_notes IS 'T2: why a student is absent on some days, from a guardian, or on paper through the class teacher. The class teacher accepts or declines it; an accepted note is the class teacher''s word for its days (attendance_days).';
COMMENT ON COLUMN absence_notes.document IS 'What confirms it, in words: a certificate and its number.';
COMMENT ON COLUMN absence_notes.meaning IS 'What the absence counts as; only of an accepted note.';
COMMENT ON COLUMN absence_notes.answer IS 'What the class teacher answers to the family.';
COMMENT ON COLUMN absence_notes.author_id IS 'Who wrote it; no foreign key, as of all columns that say who.';
COMMENT ON COLUMN absence_notes.by_family IS 'Whether the author wrote it as a guardian, and not as the class teacher.';
CREATE INDEX absence_notes_by_student ON public.absence_notes USING btree (school_id, student_id, starts_on);
ALTER TABLE absence_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON absence_notes TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON absence_notes TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON absence_notes FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER fill AFTER INSERT ON absence_notes FOR EACH ROW WHEN (new.state = 'accepted'::text) EXECUTE FUNCTION lyceum.fill_attendance_days();
CREATE TRIGGER fill_again AFTER UPDATE ON absence_notes FOR EACH ROW WHEN (new.state IS DISTINCT FROM old.state OR new.meaning IS DISTINCT FROM old.meaning OR new.starts_on IS DISTINCT FROM old.starts_on OR new.ends_on IS DISTINCT FROM old.ends_on) EXECUTE FUNCTION lyceum.fill_attendance_days();
CREATE TRIGGER guard BEFORE INSERT OR DELETE OR UPDATE ON absence_notes FOR EACH ROW EXECUTE FUNCTION lyceum.guard_absence_note();
CREATE TRIGGER log_changed AFTER UPDATE ON absence_notes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_absence_notes();
CREATE TRIGGER log_deleted AFTER DELETE ON absence_notes REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_absence_notes();
CREATE TRIGGER log_made AFTER INSERT ON absence_notes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_absence_notes();
CREATE TRIGGER version BEFORE UPDATE ON absence_notes FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE academic_years (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    second_half_starts_on date NOT NULL,
    state text DEFAULT 'planned'::text NOT NULL,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT academic_years_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT academic_years_name_key UNIQUE (school_id, name),
    CONSTRAINT academic_years_no_overlap EXCLUDE USING gist (school_id WITH =, daterange(starts_on, ends_on, '[]'::text) WITH &&),
    CONSTRAINT academic_years_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT academic_years_dates CHECK (starts_on < ends_on),
    CONSTRAINT academic_years_second_half CHECK (second_half_starts_on > starts_on AND second_half_starts_on <= ends_on),
    CONSTRAINT academic_years_state CHECK (state = ANY (ARRAY['planned'::text, 'open'::text, 'closed'::text]))
);
COMMENT ON TABLE academic_years IS 'Academic years; lessons stand inside one (L1).';
COMMENT ON COLUMN academic_years.ends_on IS 'Last day, inclusive.';
COMMENT ON COLUMN academic_years.second_half_starts_on IS 'M1: grade 2 gets marks from this day on. In the middle third of the year, whatever its terms are.';
CREATE UNIQUE INDEX academic_years_external_id ON public.academic_years USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE academic_years ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON academic_years TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON academic_years TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON academic_years FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER bounds AFTER INSERT ON academic_years FOR EACH ROW EXECUTE FUNCTION lyceum.check_year();
CREATE TRIGGER bounds_again AFTER UPDATE ON academic_years FOR EACH ROW WHEN (new.starts_on IS DISTINCT FROM old.starts_on OR new.ends_on IS DISTINCT FROM old.ends_on OR new.second_half_starts_on IS DISTINCT FROM old.second_half_starts_on) EXECUTE FUNCTION lyceum.check_year();
CREATE TRIGGER first_day AFTER UPDATE ON academic_years FOR EACH ROW WHEN (new.starts_on <> old.starts_on) EXECUTE FUNCTION lyceum.guard_first_day();
CREATE TRIGGER log_changed AFTER UPDATE ON academic_years REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_academic_years();
CREATE TRIGGER log_deleted AFTER DELETE ON academic_years REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_academic_years();
CREATE TRIGGER log_made AFTER INSERT ON academic_years REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_academic_years();
CREATE CONSTRAINT TRIGGER place AFTER UPDATE ON academic_years DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW WHEN (new.starts_on IS DISTINCT FROM old.starts_on OR new.ends_on IS DISTINCT FROM old.ends_on) EXECUTE FUNCTION lyceum.place_year();
CREATE TRIGGER second_half AFTER UPDATE ON academic_years FOR EACH ROW WHEN (new.second_half_starts_on > old.second_half_starts_on) EXECUTE FUNCTION lyceum.guard_second_half();
CREATE TRIGGER second_half_of_finals AFTER UPDATE ON academic_years FOR EACH ROW WHEN (new.second_half_starts_on > old.second_half_starts_on) EXECUTE FUNCTION lyceum.guard_second_half_of_finals();
CREATE TRIGGER subject_parts AFTER INSERT ON academic_years FOR EACH ROW EXECUTE FUNCTION lyceum.copy_subject_parts();
CREATE CONSTRAINT TRIGGER timetable AFTER UPDATE ON academic_years DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW WHEN (new.starts_on IS DISTINCT FROM old.starts_on OR new.ends_on IS DISTINCT FROM old.ends_on) EXECUTE FUNCTION lyceum.keep_entries_in_year();
CREATE TRIGGER version BEFORE UPDATE ON academic_years FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE acknowledgements (
    school_id integer NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    student_id uuid NOT NULL,
    mark_id uuid,
    feedback_id uuid,
    conduct_note_id uuid,
    guardian_id uuid DEFAULT lyceum.current_user_id() NOT NULL,
    version integer NOT NULL,
    acknowledged_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT acknowledgements_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT acknowledgements_school_id_conduct_note_id_fkey FOREIGN KEY (school_id, conduct_note_id) REFERENCES conduct_notes(school_id, id),
    CONSTRAINT acknowledgements_school_id_feedback_id_fkey FOREIGN KEY (school_id, feedback_id) REFERENCES feedback(school_id, id),
    CONSTRAINT acknowledgements_school_id_guardian_id_fkey FOREIGN KEY (school_id, guardian_id) REFERENCES guardians(school_id, id),
    CONSTRAINT acknowledgements_school_id_mark_id_fkey FOREIGN KEY (school_id, mark_id) REFERENCES marks(school_id, id),
    CONSTRAINT acknowledgements_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT acknowledgements_record CHECK (num_nonnulls(mark_id, feedback_id, conduct_note_id) = 1)
);
COMMENT ON TABLE acknowledgements IS 'C2: a guardian has seen this version of a mark, of feedback or of a conduct note. A later version needs another one. Rows never change.';
COMMENT ON COLUMN acknowledgements.student_id IS 'Whom the record is about; a trigger sets it.';
CREATE INDEX acknowledgements_by_student ON public.acknowledgements USING btree (school_id, student_id);
CREATE UNIQUE INDEX acknowledgements_of_conduct_note ON public.acknowledgements USING btree (school_id, conduct_note_id, version, guardian_id) WHERE (conduct_note_id IS NOT NULL);
CREATE UNIQUE INDEX acknowledgements_of_feedback ON public.acknowledgements USING btree (school_id, feedback_id, version, guardian_id) WHERE (feedback_id IS NOT NULL);
CREATE UNIQUE INDEX acknowledgements_of_mark ON public.acknowledgements USING btree (school_id, mark_id, version, guardian_id) WHERE (mark_id IS NOT NULL);
ALTER TABLE acknowledgements ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON acknowledgements TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT ON acknowledgements TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON acknowledgements REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_acknowledgements();
CREATE TRIGGER log_deleted AFTER DELETE ON acknowledgements REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_acknowledgements();
CREATE TRIGGER log_made AFTER INSERT ON acknowledgements REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_acknowledgements();
CREATE TRIGGER rules BEFORE INSERT ON acknowledgements FOR EACH ROW EXECUTE FUNCTION lyceum.check_acknowledgement();

CREATE TABLE activation_codes (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    reason text,
    issued_by uuid,
    issued_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    revoked_at timestamp with time zone,
    CONSTRAINT activation_codes_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT activation_codes_school_id_user_id_fkey FOREIGN KEY (school_id, user_id) REFERENCES users(school_id, id)
);
COMMENT ON TABLE activation_codes IS 'A2: one-time codes, stored hashed. One live code per person: issuing anew revokes the old.';
CREATE INDEX activation_codes_by_end ON public.activation_codes USING btree (school_id, expires_at);
CREATE INDEX activation_codes_by_hash ON public.activation_codes USING btree (school_id, code_hash) WHERE ((used_at IS NULL) AND (revoked_at IS NULL));
CREATE UNIQUE INDEX activation_codes_one_live ON public.activation_codes USING btree (school_id, user_id) WHERE ((used_at IS NULL) AND (revoked_at IS NULL));
ALTER TABLE activation_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY retention ON activation_codes AS RESTRICTIVE FOR DELETE TO lyceum_app USING (((expires_at < (now() - '1 year'::interval)) AND (issued_at < (now() - '1 year'::interval))));
CREATE POLICY tenant ON activation_codes TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON activation_codes TO lyceum_app;
GRANT UPDATE (used_at) ON activation_codes TO lyceum_app;
GRANT UPDATE (revoked_at) ON activation_codes TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON activation_codes FOR EACH ROW EXECUTE FUNCTION lyceum.audit('code_hash');
CREATE TRIGGER family AFTER INSERT ON activation_codes FOR EACH ROW EXECUTE FUNCTION lyceum.record_issue_to_family();

CREATE TABLE activity_days (
    school_id integer NOT NULL,
    user_id uuid NOT NULL,
    date date NOT NULL,
    CONSTRAINT activity_days_pkey PRIMARY KEY (school_id, user_id, date),
    CONSTRAINT activity_days_school_id_user_id_fkey FOREIGN KEY (school_id, user_id) REFERENCES users(school_id, id)
);
COMMENT ON TABLE activity_days IS 'Days on which a person was given an access token; never written on reads.';
CREATE INDEX activity_days_by_date ON public.activity_days USING btree (school_id, date, user_id);
ALTER TABLE activity_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY retention ON activity_days AS RESTRICTIVE FOR DELETE TO lyceum_app USING ((date < ((lyceum.today() - '1 year'::interval))::date));
CREATE POLICY tenant ON activity_days TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON activity_days TO lyceum_app;

CREATE TABLE announcement_receipts (
    school_id integer NOT NULL,
    announcement_id uuid NOT NULL,
    person_id uuid DEFAULT lyceum.current_user_id() NOT NULL,
    text_version integer NOT NULL,
    read_at timestamp with time zone DEFAULT now() NOT NULL,
    acknowledged_at timestamp with time zone,
    CONSTRAINT announcement_receipts_pkey PRIMARY KEY (school_id, announcement_id, person_id, text_version),
    CONSTRAINT announcement_receipts_school_id_announcement_id_fkey FOREIGN KEY (school_id, announcement_id) REFERENCES announcements(school_id, id) ON DELETE CASCADE,
    CONSTRAINT announcement_receipts_school_id_person_id_fkey FOREIGN KEY (school_id, person_id) REFERENCES users(school_id, id),
    CONSTRAINT announcement_receipts_order CHECK (acknowledged_at >= read_at)
);
COMMENT ON TABLE announcement_receipts IS 'C2: who has read an announcement, and has acknowledged it: a row for each version of the text. Everybody writes only their own.';
CREATE INDEX announcement_receipts_by_person ON public.announcement_receipts USING btree (school_id, person_id, announcement_id);
ALTER TABLE announcement_receipts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON announcement_receipts TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT ON announcement_receipts TO lyceum_app;
GRANT UPDATE (acknowledged_at) ON announcement_receipts TO lyceum_app;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON announcement_receipts FOR EACH ROW EXECUTE FUNCTION lyceum.guard_announcement_receipt();

CREATE TABLE announcements (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    author_id uuid DEFAULT lyceum.current_user_id() NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    audience text[] NOT NULL,
    is_pinned boolean DEFAULT false NOT NULL,
    asks_acknowledgement boolean DEFAULT false NOT NULL,
    starts_at timestamp with time zone DEFAULT now() NOT NULL,
    ends_at timestamp with time zone,
    withdrawn_at timestamp with time zone,
    text_version integer DEFAULT 1 NOT NULL,
    text_changed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT announcements_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT announcements_school_id_author_id_fkey FOREIGN KEY (school_id, author_id) REFERENCES users(school_id, id),
    CONSTRAINT announcements_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT announcements_audience CHECK (lyceum.are_addresses(audience)),
    CONSTRAINT announcements_dates CHECK (ends_at > starts_at),
    CONSTRAINT announcements_length CHECK (ends_at <= (starts_at + '366 days'::interval)),
    CONSTRAINT announcements_text CHECK (text <> ''::text),
    CONSTRAINT announcements_text_version CHECK (text_version >= 1 AND text_version <= version),
    CONSTRAINT announcements_title CHECK (title <> ''::text)
);
COMMENT ON TABLE announcements IS 'C2: announcements. Whom one reaches is decided when it is read (lyceum.addresses). People withdraw one; only its time ends it (K1).';
COMMENT ON COLUMN announcements.audience IS 'Addresses (lyceum.are_addresses). They are no foreign keys: an address of a class that is gone reaches nobody.';
COMMENT ON COLUMN announcements.starts_at IS 'Shown from then on. Fixed once it has come.';
COMMENT ON COLUMN announcements.ends_at IS 'Shown until then; null: until it is withdrawn, at most for 366 days.';
COMMENT ON COLUMN announcements.text_version IS 'The version of title and text, for acknowledgements: it counts changes of these two only.';
COMMENT ON COLUMN announcements.text_changed_at IS 'When title or text last changed; null: never.';
CREATE INDEX announcements_by_author ON public.announcements USING btree (school_id, author_id, id);
CREATE INDEX announcements_by_end ON public.announcements USING btree (school_id, lyceum.shown_until(starts_at, ends_at, withdrawn_at));
CREATE INDEX announcements_by_start ON public.announcements USING btree (school_id, starts_at, id);
ALTER TABLE announcements ENABLE ROW LEVEL SECURITY;
CREATE POLICY retention ON announcements AS RESTRICTIVE FOR DELETE TO lyceum_app USING (((lyceum.shown_until(starts_at, ends_at, withdrawn_at) < (now() - '3 years'::interval)) AND (created_at < (now() - '3 years'::interval))));
CREATE POLICY tenant ON announcements TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON announcements TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON announcements FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER audit_deletion AFTER DELETE ON announcements FOR EACH ROW WHEN (lyceum.shown_until(old.starts_at, old.ends_at, old.withdrawn_at) >= (now() - '3 years'::interval)) EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER follow AFTER INSERT ON announcements FOR EACH ROW EXECUTE FUNCTION lyceum.follow_announcement();
CREATE TRIGGER follow_again AFTER UPDATE ON announcements FOR EACH ROW WHEN (old.audience IS DISTINCT FROM new.audience OR old.text_version IS DISTINCT FROM new.text_version OR old.asks_acknowledgement IS DISTINCT FROM new.asks_acknowledgement OR old.starts_at IS DISTINCT FROM new.starts_at OR old.ends_at IS DISTINCT FROM new.ends_at OR old.withdrawn_at IS DISTINCT FROM new.withdrawn_at) EXECUTE FUNCTION lyceum.follow_announcement();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON announcements FOR EACH ROW EXECUTE FUNCTION lyceum.guard_announcement();
CREATE TRIGGER log_changed AFTER UPDATE ON announcements REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_announcements();
CREATE TRIGGER log_deleted AFTER DELETE ON announcements REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_announcements();
CREATE TRIGGER log_made AFTER INSERT ON announcements REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_announcements();
CREATE TRIGGER version BEFORE UPDATE ON announcements FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE attendance (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    lesson_id uuid NOT NULL,
    student_id uuid NOT NULL,
    meaning text,
    minutes smallint,
    code_id uuid,
    comment text,
    decided_meaning text,
    decided_minutes smallint,
    decided_reason text,
    decided_by uuid,
    decided_at timestamp with time zone,
    first_recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    recorded_by uuid DEFAULT lyceum.current_user_id(),
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    decided_by_day boolean DEFAULT false NOT NULL,
    CONSTRAINT attendance_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT attendance_cell_key UNIQUE (school_id, lesson_id, student_id),
    CONSTRAINT attendance_school_id_code_id_meaning_fkey FOREIGN KEY (school_id, code_id, meaning) REFERENCES attendance_codes(school_id, id, meaning),
    CONSTRAINT attendance_school_id_lesson_id_fkey FOREIGN KEY (school_id, lesson_id) REFERENCES lessons(school_id, id),
    CONSTRAINT attendance_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT attendance_code CHECK (code_id IS NULL OR meaning IS NOT NULL),
    CONSTRAINT attendance_decided CHECK ((decided_meaning IS NOT NULL) = (decided_at IS NOT NULL)),
    CONSTRAINT attendance_decided_meaning CHECK (decided_meaning = ANY (ARRAY['absent'::text, 'ill'::text, 'excused'::text, 'unexcused'::text, 'late'::text, 'present'::text])),
    CONSTRAINT attendance_decided_minutes CHECK (decided_minutes IS NULL OR decided_minutes >= 1 AND decided_minutes <= 240 AND decided_meaning IS NOT NULL AND decided_meaning = 'late'::text),
    CONSTRAINT attendance_meaning CHECK (meaning = ANY (ARRAY['absent'::text, 'ill'::text, 'excused'::text, 'unexcused'::text, 'late'::text])),
    CONSTRAINT attendance_minutes CHECK (minutes IS NULL OR minutes >= 1 AND minutes <= 240 AND meaning IS NOT NULL AND meaning = 'late'::text)
);
COMMENT ON TABLE attendance IS 'T1, T2: the teacher''s code of a pupil at a lesson and, apart from it, the class teacher''s word, which decides what counts. Cleared by a null meaning with a new version; rows are never deleted.';
COMMENT ON COLUMN attendance.meaning IS 'The teacher''s code; null: none (or cleared). No record means present only where the roll was taken (T4).';
COMMENT ON COLUMN attendance.minutes IS 'By how many minutes late.';
COMMENT ON COLUMN attendance.code_id IS 'Label of the school; null: the default label of the meaning.';
COMMENT ON COLUMN attendance.decided_meaning IS 'T2: the class teacher''s word; present overrules an absence.';
COMMENT ON COLUMN attendance.decided_by_day IS 'Whether the decision is that of the student''s day (attendance_days), and not one about this lesson.';
CREATE INDEX attendance_by_student ON public.attendance USING btree (school_id, student_id);
CREATE STATISTICS public.attendance_school (dependencies) ON school_id, student_id FROM attendance;
ALTER TABLE attendance ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON attendance TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON attendance TO lyceum_app;
CREATE TRIGGER history AFTER INSERT ON attendance REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION lyceum.record_attendance_history();
CREATE TRIGGER history_again AFTER UPDATE ON attendance REFERENCING OLD TABLE AS overwritten NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION lyceum.record_attendance_history();
CREATE TRIGGER log_changed AFTER UPDATE ON attendance REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_attendance();
CREATE TRIGGER log_deleted AFTER DELETE ON attendance REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_attendance();
CREATE TRIGGER log_made AFTER INSERT ON attendance REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_attendance();
CREATE TRIGGER record BEFORE INSERT ON attendance FOR EACH ROW EXECUTE FUNCTION lyceum.record_attendance();
CREATE TRIGGER record_again BEFORE UPDATE ON attendance FOR EACH ROW WHEN (new.* IS DISTINCT FROM old.*) EXECUTE FUNCTION lyceum.record_attendance();
CREATE TRIGGER rules AFTER INSERT ON attendance REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION lyceum.check_written_attendance();
CREATE TRIGGER rules_again AFTER UPDATE ON attendance REFERENCING OLD TABLE AS overwritten NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION lyceum.check_rewritten_attendance();
CREATE TRIGGER version BEFORE UPDATE ON attendance FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE attendance_codes (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    code text NOT NULL,
    meaning text NOT NULL,
    name text NOT NULL,
    is_default boolean DEFAULT false NOT NULL,
    "position" smallint DEFAULT 0 NOT NULL,
    archived_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT attendance_codes_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT attendance_codes_code_key UNIQUE (school_id, code),
    CONSTRAINT attendance_codes_meaning_key UNIQUE (school_id, id, meaning),
    CONSTRAINT attendance_codes_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT attendance_codes_meaning CHECK (meaning = ANY (ARRAY['absent'::text, 'ill'::text, 'excused'::text, 'unexcused'::text, 'late'::text]))
);
COMMENT ON TABLE attendance_codes IS 'T1: the school''s labels (Н, Б, УП, НП, ОП) and their fixed meanings.';
COMMENT ON COLUMN attendance_codes.code IS 'Label shown in the journal.';
COMMENT ON COLUMN attendance_codes.is_default IS 'Label for records that name only the meaning.';
CREATE UNIQUE INDEX attendance_codes_one_default ON public.attendance_codes USING btree (school_id, meaning) WHERE is_default;
ALTER TABLE attendance_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON attendance_codes TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON attendance_codes TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON attendance_codes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_attendance_codes();
CREATE TRIGGER log_deleted AFTER DELETE ON attendance_codes REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_attendance_codes();
CREATE TRIGGER log_made AFTER INSERT ON attendance_codes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_attendance_codes();
CREATE TRIGGER version BEFORE UPDATE ON attendance_codes FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE attendance_days (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    date date NOT NULL,
    meaning text,
    reason text,
    note_id uuid,
    explains_only boolean DEFAULT false NOT NULL,
    decided_by uuid,
    decided_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT attendance_days_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT attendance_days_student_key UNIQUE (school_id, student_id, date),
    CONSTRAINT attendance_days_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT attendance_days_meaning CHECK (meaning = ANY (ARRAY['absent'::text, 'ill'::text, 'excused'::text, 'unexcused'::text, 'present'::text])),
    CONSTRAINT attendance_days_note CHECK (note_id IS NULL OR meaning IS NOT NULL)
);
COMMENT ON TABLE attendance_days IS 'T2: the class teacher''s word for a student''s day. It is copied into the attendance of each lesson whose roll was taken, unless the class teacher decided about that lesson. Cleared by a null meaning with a new version; rows are never deleted.';
COMMENT ON COLUMN attendance_days.note_id IS 'The accepted note that the word comes from. A note that fills days cannot be deleted.';
COMMENT ON COLUMN attendance_days.explains_only IS 'The word says what absences count as that teachers recorded, and not that the student was absent all day: it comes from a note.';
CREATE INDEX attendance_days_by_note ON public.attendance_days USING btree (school_id, note_id) WHERE (note_id IS NOT NULL);
ALTER TABLE attendance_days ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON attendance_days TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON attendance_days TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON attendance_days FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER decide BEFORE INSERT OR UPDATE ON attendance_days FOR EACH ROW EXECUTE FUNCTION lyceum.decide_attendance_day();
CREATE TRIGGER fill AFTER INSERT ON attendance_days FOR EACH ROW EXECUTE FUNCTION lyceum.fill_attendance();
CREATE TRIGGER fill_again AFTER UPDATE ON attendance_days FOR EACH ROW WHEN (new.meaning IS DISTINCT FROM old.meaning OR new.reason IS DISTINCT FROM old.reason OR new.explains_only IS DISTINCT FROM old.explains_only) EXECUTE FUNCTION lyceum.fill_attendance();
CREATE TRIGGER log_changed AFTER UPDATE ON attendance_days REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_attendance_days();
CREATE TRIGGER log_deleted AFTER DELETE ON attendance_days REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_attendance_days();
CREATE TRIGGER log_made AFTER INSERT ON attendance_days REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_attendance_days();
CREATE TRIGGER version BEFORE UPDATE ON attendance_days FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE attendance_history (
    school_id integer NOT NULL,
    attendance_id uuid NOT NULL,
    version integer NOT NULL,
    student_id uuid NOT NULL,
    lesson_id uuid NOT NULL,
    old_meaning text,
    old_minutes smallint,
    old_code_id uuid,
    old_comment text,
    old_decided_meaning text,
    old_decided_minutes smallint,
    old_decided_reason text,
    new_meaning text,
    new_minutes smallint,
    new_code_id uuid,
    new_comment text,
    new_decided_meaning text,
    new_decided_minutes smallint,
    new_decided_reason text,
    changed_by uuid,
    changed_at timestamp with time zone NOT NULL,
    reason text,
    request_id text,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    client_id uuid DEFAULT lyceum.current_client_id(),
    CONSTRAINT attendance_history_pkey PRIMARY KEY (school_id, attendance_id, version)
);
COMMENT ON TABLE attendance_history IS 'A5: every version of every attendance record, append-only: the server''s role may only read.';
COMMENT ON COLUMN attendance_history.version IS 'The version the change led to.';
COMMENT ON COLUMN attendance_history.client_id IS 'As in mark_history.';
ALTER TABLE attendance_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON attendance_history TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON attendance_history TO lyceum_app;

CREATE TABLE audit_log (
    school_id integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    entity text NOT NULL,
    entity_id uuid,
    action text NOT NULL,
    before jsonb,
    after jsonb,
    changed_by uuid,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    reason text,
    request_id text,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    client_id uuid DEFAULT lyceum.current_client_id(),
    CONSTRAINT audit_log_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT audit_log_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id)
);
COMMENT ON TABLE audit_log IS 'A5: who changed what, append-only: the server''s role may only read it, rows come from triggers and lyceum.record_audit. Marks, attendance and final marks have histories of their own and never stand here.';
COMMENT ON COLUMN audit_log.entity IS 'Name of the table, or a word of the caller of lyceum.record_audit.';
COMMENT ON COLUMN audit_log.before IS 'Changed columns with their old values; secrets are shown as "hidden".';
COMMENT ON COLUMN audit_log.after IS 'Changed columns with their new values; secrets are shown as "hidden".';
COMMENT ON COLUMN audit_log.changed_by IS 'Person; no foreign key, the record outlives everything.';
COMMENT ON COLUMN audit_log.client_id IS 'Program, alone or for the person; no foreign key, as of changed_by.';
CREATE INDEX audit_log_by_entity ON public.audit_log USING btree (school_id, entity, entity_id, id);
CREATE INDEX audit_log_by_person ON public.audit_log USING btree (school_id, changed_by, id);
ALTER TABLE audit_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON audit_log TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON audit_log TO lyceum_app;

CREATE TABLE authorization_codes (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    user_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    redirect_uri text NOT NULL,
    code_challenge text NOT NULL,
    scopes text[] NOT NULL,
    password_changed_at timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at timestamp with time zone,
    session_id uuid,
    CONSTRAINT authorization_codes_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT authorization_codes_school_id_client_id_fkey FOREIGN KEY (school_id, client_id) REFERENCES clients(school_id, id) ON DELETE CASCADE,
    CONSTRAINT authorization_codes_school_id_user_id_fkey FOREIGN KEY (school_id, user_id) REFERENCES users(school_id, id)
);
COMMENT ON TABLE authorization_codes IS 'RFC 6749 section 4.1: what an app is given for a person who let it in, for one use within a minute. Kept for a day, so that a second use is noticed.';
COMMENT ON COLUMN authorization_codes.code_challenge IS 'RFC 7636, S256.';
COMMENT ON COLUMN authorization_codes.password_changed_at IS 'Of the password that was looked at: another one since then, and the code is void.';
COMMENT ON COLUMN authorization_codes.session_id IS 'What was opened with it; ends when the code comes twice.';
CREATE INDEX authorization_codes_by_age ON public.authorization_codes USING btree (school_id, created_at);
ALTER TABLE authorization_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON authorization_codes TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON authorization_codes TO lyceum_app;

CREATE TABLE bell_schedules (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    name text NOT NULL,
    shift smallint DEFAULT 1 NOT NULL,
    weekday smallint,
    grade_levels smallint[] DEFAULT '{1,2,3,4,5,6,7,8,9,10,11}'::smallint[] NOT NULL,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT bell_schedules_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT bell_schedules_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT bell_schedules_grade_levels CHECK (grade_levels <@ '{1,2,3,4,5,6,7,8,9,10,11}'::smallint[] AND cardinality(grade_levels) > 0),
    CONSTRAINT bell_schedules_shift CHECK (shift >= 1 AND shift <= 3),
    CONSTRAINT bell_schedules_weekday CHECK (weekday >= 1 AND weekday <= 7)
);
COMMENT ON TABLE bell_schedules IS 'When lessons begin and end, by shift, grade level and weekday.';
COMMENT ON COLUMN bell_schedules.weekday IS '1 Monday to 7 Sunday; null: every day without a schedule of its own.';
CREATE INDEX bell_schedules_by_year ON public.bell_schedules USING btree (school_id, academic_year_id);
CREATE UNIQUE INDEX bell_schedules_external_id ON public.bell_schedules USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE bell_schedules ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON bell_schedules TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON bell_schedules TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON bell_schedules REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_bell_schedules();
CREATE TRIGGER log_deleted AFTER DELETE ON bell_schedules REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_bell_schedules();
CREATE TRIGGER log_made AFTER INSERT ON bell_schedules REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_bell_schedules();
CREATE TRIGGER version BEFORE UPDATE ON bell_schedules FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE bell_slots (
    school_id integer NOT NULL,
    bell_schedule_id uuid NOT NULL,
    slot smallint NOT NULL,
    starts_at time without time zone NOT NULL,
    ends_at time without time zone NOT NULL,
    CONSTRAINT bell_slots_pkey PRIMARY KEY (school_id, bell_schedule_id, slot),
    CONSTRAINT bell_slots_no_overlap EXCLUDE USING gist (school_id WITH =, COALESCE(bell_schedule_id, bell_schedule_id) WITH =, tsrange('2000-01-01'::date + starts_at, '2000-01-01'::date + ends_at) WITH &&),
    CONSTRAINT bell_slots_school_id_bell_schedule_id_fkey FOREIGN KEY (school_id, bell_schedule_id) REFERENCES bell_schedules(school_id, id) ON DELETE CASCADE,
    CONSTRAINT bell_slots_slot CHECK (slot >= 0 AND slot <= 15),
    CONSTRAINT bell_slots_times CHECK (starts_at < ends_at)
);
COMMENT ON TABLE bell_slots IS 'Lessons of a bell schedule. Local times; slot 0 is the «zero lesson».';
ALTER TABLE bell_slots ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON bell_slots TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON bell_slots TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON bell_slots REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_bell_slots();
CREATE TRIGGER log_deleted AFTER DELETE ON bell_slots REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_bell_slots();
CREATE TRIGGER log_made AFTER INSERT ON bell_slots REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_bell_slots();
CREATE CONSTRAINT TRIGGER timetable AFTER INSERT OR UPDATE ON bell_slots DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lyceum.check_timetable();

CREATE TABLE calendar_links (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    owner_id uuid NOT NULL,
    student_id uuid,
    class_id uuid,
    teacher_id uuid,
    secret_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT calendar_links_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT calendar_links_school_id_class_id_fkey FOREIGN KEY (school_id, class_id) REFERENCES classes(school_id, id),
    CONSTRAINT calendar_links_school_id_owner_id_fkey FOREIGN KEY (school_id, owner_id) REFERENCES users(school_id, id),
    CONSTRAINT calendar_links_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT calendar_links_school_id_teacher_id_fkey FOREIGN KEY (school_id, teacher_id) REFERENCES staff(school_id, id),
    CONSTRAINT calendar_links_subject CHECK (num_nonnulls(student_id, class_id, teacher_id) = 1)
);
COMMENT ON TABLE calendar_links IS 'Secret links to a calendar of lessons: of a student, a class or a teacher. A link is valid while lyceum.calendar_link_holds.';
COMMENT ON COLUMN calendar_links.owner_id IS 'Who made the link. It shows what this person may see today.';
COMMENT ON COLUMN calendar_links.secret_hash IS 'SHA-256 of the random part of the link.';
CREATE INDEX calendar_links_by_class ON public.calendar_links USING btree (school_id, class_id) WHERE (class_id IS NOT NULL);
CREATE INDEX calendar_links_by_owner ON public.calendar_links USING btree (school_id, owner_id);
CREATE INDEX calendar_links_by_student ON public.calendar_links USING btree (school_id, student_id) WHERE (student_id IS NOT NULL);
CREATE INDEX calendar_links_by_teacher ON public.calendar_links USING btree (school_id, teacher_id) WHERE (teacher_id IS NOT NULL);
ALTER TABLE calendar_links ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON calendar_links TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON calendar_links TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE ON calendar_links FOR EACH ROW EXECUTE FUNCTION lyceum.audit('secret_hash');
CREATE TRIGGER log_changed AFTER UPDATE ON calendar_links REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_calendar_links();
CREATE TRIGGER log_deleted AFTER DELETE ON calendar_links REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_calendar_links();
CREATE TRIGGER log_made AFTER INSERT ON calendar_links REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_calendar_links();
CREATE TRIGGER make BEFORE INSERT ON calendar_links FOR EACH ROW EXECUTE FUNCTION lyceum.make_calendar_link();

CREATE TABLE categories (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    short_name text,
    weight numeric(5,2) DEFAULT 1 NOT NULL,
    is_control boolean DEFAULT false NOT NULL,
    "position" smallint DEFAULT 0 NOT NULL,
    archived_at timestamp with time zone,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT categories_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT categories_name_key UNIQUE (school_id, name),
    CONSTRAINT categories_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT categories_name CHECK (name <> ''::text),
    CONSTRAINT categories_weight CHECK (weight >= 0::numeric)
);
COMMENT ON TABLE categories IS 'Kinds of work: answer, independent work, control work, homework.';
COMMENT ON COLUMN categories.weight IS 'M6: weight a new column takes. 0: does not count in the average.';
COMMENT ON COLUMN categories.is_control IS 'M9: the whole group, 30 minutes or more.';
CREATE UNIQUE INDEX categories_external_id ON public.categories USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE categories ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON categories TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON categories TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON categories REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_categories();
CREATE TRIGGER log_deleted AFTER DELETE ON categories REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_categories();
CREATE TRIGGER log_made AFTER INSERT ON categories REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_categories();
CREATE TRIGGER version BEFORE UPDATE ON categories FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE certificates (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    kind text NOT NULL,
    award text,
    entry_number integer NOT NULL,
    form_number text NOT NULL,
    issued_on date NOT NULL,
    order_id uuid NOT NULL,
    received_by text,
    is_duplicate boolean DEFAULT false NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT certificates_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT certificates_entry_number_key UNIQUE (school_id, kind, entry_number),
    CONSTRAINT certificates_form_number_key UNIQUE (school_id, form_number),
    CONSTRAINT certificates_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT certificates_school_id_order_id_fkey FOREIGN KEY (school_id, order_id) REFERENCES orders(school_id, id),
    CONSTRAINT certificates_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT certificates_award CHECK (
CASE kind
    WHEN 'basic'::text THEN award = 'honours'::text
    ELSE award = ANY (ARRAY['medal_first'::text, 'medal_second'::text])
END),
    CONSTRAINT certificates_entry_number CHECK (entry_number > 0),
    CONSTRAINT certificates_form_number CHECK (form_number <> ''::text),
    CONSTRAINT certificates_kind CHECK (kind = ANY (ARRAY['basic'::text, 'secondary'::text])),
    CONSTRAINT certificates_received_by CHECK (received_by <> ''::text)
);
COMMENT ON TABLE certificates IS 'The register of certificates (книга регистрации выданных документов об образовании): of grade 9 (basic) and 11 (secondary).';
COMMENT ON COLUMN certificates.award IS 'Null: an ordinary certificate. honours: basic, with honours. medal_first (its certificate is with honours) and medal_second: secondary.';
COMMENT ON COLUMN certificates.entry_number IS 'Of the entry in the register of this kind.';
COMMENT ON COLUMN certificates.form_number IS 'Printed on the form.';
COMMENT ON COLUMN certificates.order_id IS 'The order or council protocol that it was issued by.';
COMMENT ON COLUMN certificates.received_by IS 'Who received it by proxy; null: the graduate.';
COMMENT ON COLUMN certificates.is_duplicate IS 'Issued for a certificate that was lost or spoiled.';
CREATE INDEX certificates_by_day ON public.certificates USING btree (school_id, issued_on, entry_number, id);
CREATE INDEX certificates_by_order ON public.certificates USING btree (school_id, order_id);
CREATE UNIQUE INDEX certificates_student_id_key ON public.certificates USING btree (school_id, student_id, kind) WHERE (NOT is_duplicate);
ALTER TABLE certificates ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON certificates TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON certificates TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON certificates FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER checks BEFORE INSERT OR UPDATE ON certificates FOR EACH ROW EXECUTE FUNCTION lyceum.check_certificate();
CREATE TRIGGER fixed BEFORE UPDATE ON certificates FOR EACH ROW WHEN (new.student_id IS DISTINCT FROM old.student_id OR new.kind IS DISTINCT FROM old.kind) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER log_changed AFTER UPDATE ON certificates REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_certificates();
CREATE TRIGGER log_deleted AFTER DELETE ON certificates REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_certificates();
CREATE TRIGGER log_made AFTER INSERT ON certificates REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_certificates();
CREATE TRIGGER managers BEFORE INSERT OR DELETE OR UPDATE ON certificates FOR EACH ROW EXECUTE FUNCTION lyceum.require_manager();
CREATE TRIGGER version BEFORE UPDATE ON certificates FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE changes (
    school_id integer NOT NULL,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    number bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    circle text NOT NULL,
    circle_id uuid NOT NULL,
    is_home boolean NOT NULL,
    entity text NOT NULL,
    operation text NOT NULL,
    ids uuid[] NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT changes_circle CHECK (circle = ANY (ARRAY['school'::text, 'office'::text, 'person'::text, 'student'::text, 'diary'::text, 'class'::text, 'group'::text, 'section'::text, 'journal'::text, 'address'::text])),
    CONSTRAINT changes_operation CHECK (operation = ANY (ARRAY['made'::text, 'changed'::text, 'deleted'::text, 'hidden'::text, 'concealed'::text]))
) PARTITION BY RANGE (xid);
COMMENT ON TABLE changes IS 'The log of changes: one row for each statement, circle, entity and operation, with the ids of the changed rows. Triggers write it (lyceum.log_changes). Partitioned by transaction number, because readers ask by transaction; lyceum.tend_changes adds and drops partitions. It has no primary key and no foreign keys: nothing refers to its rows, and each index makes every write slower.';
COMMENT ON COLUMN changes.xid IS 'The transaction that made the change. A reader with a snapshot (a cursor, a kept answer) needs the rows that are not visible in it.';
COMMENT ON COLUMN changes.number IS 'The order of the rows of one transaction.';
COMMENT ON COLUMN changes.circle IS 'The readers whose answers the change affects. school: the set-up, which all answers use; office: what only the administration reads; person: a person''s account, roles and posts; student: a student''s data, class, groups and guardians; diary: what is recorded about a student; class; group; section: its lessons, columns, teachers and homework for all; journal: what is recorded about the students of a section; address: whom an announcement reaches (lyceum.address_circle).';
COMMENT ON COLUMN changes.circle_id IS 'The person, student, class, group or section; the zero id for school and office; for address the id that lyceum.address_circle returns.';
COMMENT ON COLUMN changes.is_home IS 'True for the home circle of the change, the first one of the table''s declaration. A reader of the whole school reads these rows and gets each change once.';
COMMENT ON COLUMN changes.entity IS 'The kind of the changed rows, usually the name of their table.';
COMMENT ON COLUMN changes.operation IS 'hidden: the row still exists, but the circle no longer sees it. concealed: the circle does not see the row yet (M12), so feeds leave this change out.';
CREATE INDEX changes_by_circle ON ONLY public.changes USING btree (school_id, circle_id, circle, xid);
CREATE INDEX changes_by_home ON ONLY public.changes USING btree (school_id, xid, number) WHERE is_home;
ALTER TABLE changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON changes TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON changes TO lyceum_app;
CREATE TRIGGER notify AFTER INSERT ON changes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.notify();

CREATE TABLE class_changes (
    school_id integer NOT NULL,
    enrollment_id uuid NOT NULL,
    left_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date,
    end_reason text,
    CONSTRAINT class_changes_pkey PRIMARY KEY (school_id, enrollment_id),
    CONSTRAINT class_changes_school_id_enrollment_id_fkey FOREIGN KEY (school_id, enrollment_id) REFERENCES enrollments(school_id, id) ON DELETE CASCADE,
    CONSTRAINT class_changes_school_id_left_id_fkey FOREIGN KEY (school_id, left_id) REFERENCES enrollments(school_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE class_changes IS 'L5: the enrollment that a class change created, and the one that it ended. Only such a change can be undone.';
COMMENT ON COLUMN class_changes.left_id IS 'The enrollment that the class change ended.';
COMMENT ON COLUMN class_changes.starts_on IS 'First day in the new class, as the class change gave it.';
COMMENT ON COLUMN class_changes.ends_on IS 'Last day that the earlier enrollment had before; null: it had none.';
COMMENT ON COLUMN class_changes.end_reason IS 'The reason that the earlier enrollment had for its end.';
CREATE INDEX class_changes_by_left ON public.class_changes USING btree (school_id, left_id);
ALTER TABLE class_changes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON class_changes TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT ON class_changes TO lyceum_app;

CREATE TABLE class_teachers (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    class_id uuid NOT NULL,
    teacher_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    acting boolean DEFAULT false NOT NULL,
    CONSTRAINT class_teachers_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT class_teachers_one_at_a_time EXCLUDE USING gist (school_id WITH =, COALESCE(class_id, class_id) WITH =, (acting::integer) WITH =, daterange(starts_on, ends_on, '[]'::text) WITH &&),
    CONSTRAINT class_teachers_school_id_class_id_fkey FOREIGN KEY (school_id, class_id) REFERENCES classes(school_id, id),
    CONSTRAINT class_teachers_school_id_teacher_id_fkey FOREIGN KEY (school_id, teacher_id) REFERENCES staff(school_id, id),
    CONSTRAINT class_teachers_acting CHECK (NOT acting OR ends_on IS NOT NULL),
    CONSTRAINT class_teachers_dates CHECK (ends_on >= starts_on)
);
COMMENT ON TABLE class_teachers IS 'Class teachers of a class, one at a time, and besides at most one who acts for some days.';
COMMENT ON COLUMN class_teachers.ends_on IS 'Last day, inclusive; null while it lasts.';
COMMENT ON COLUMN class_teachers.acting IS 'Acts for the class teacher, who stays appointed, on the days from starts_on to ends_on, and has no rights afterwards.';
CREATE INDEX class_teachers_by_class ON public.class_teachers USING btree (school_id, class_id, starts_on);
CREATE INDEX class_teachers_by_teacher ON public.class_teachers USING btree (school_id, teacher_id, class_id);
ALTER TABLE class_teachers ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON class_teachers TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON class_teachers TO lyceum_app;
CREATE TRIGGER appoint BEFORE INSERT OR DELETE OR UPDATE ON class_teachers FOR EACH ROW EXECUTE FUNCTION lyceum.appoint_class_teacher();
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON class_teachers FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER fixed BEFORE UPDATE ON class_teachers FOR EACH ROW WHEN (new.class_id IS DISTINCT FROM old.class_id OR new.teacher_id IS DISTINCT FROM old.teacher_id) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER log_changed AFTER UPDATE ON class_teachers REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_class_teachers();
CREATE TRIGGER log_deleted AFTER DELETE ON class_teachers REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_class_teachers();
CREATE TRIGGER log_made AFTER INSERT ON class_teachers REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_class_teachers();
CREATE TRIGGER version BEFORE UPDATE ON class_teachers FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE classes (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    grade_level smallint NOT NULL,
    letter text NOT NULL,
    name text NOT NULL,
    group_id uuid NOT NULL,
    profile text,
    archived_at timestamp with time zone,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT classes_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT classes_group_key UNIQUE (school_id, group_id),
    CONSTRAINT classes_name_key UNIQUE (school_id, academic_year_id, name),
    CONSTRAINT classes_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT classes_school_id_group_id_academic_year_id_fkey FOREIGN KEY (school_id, group_id, academic_year_id) REFERENCES groups(school_id, id, academic_year_id),
    CONSTRAINT classes_grade_level CHECK (grade_level >= 1 AND grade_level <= 11),
    CONSTRAINT classes_name CHECK (name <> ''::text)
);
COMMENT ON TABLE classes IS 'A grade level and a letter in one year. Grade level and year never change (M1 rests on them).';
COMMENT ON COLUMN classes.name IS 'As people say it: 7А.';
COMMENT ON COLUMN classes.group_id IS 'The class''s own group; made by a trigger with the id of the class when left out.';
CREATE INDEX classes_by_grade_level ON public.classes USING btree (school_id, academic_year_id, grade_level);
CREATE UNIQUE INDEX classes_external_id ON public.classes USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE classes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON classes TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON classes TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON classes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_classes();
CREATE TRIGGER log_deleted AFTER DELETE ON classes REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_classes();
CREATE TRIGGER log_made AFTER INSERT ON classes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_classes();
CREATE TRIGGER own_group BEFORE INSERT OR UPDATE ON classes FOR EACH ROW EXECUTE FUNCTION lyceum.keep_class_group();
CREATE TRIGGER own_group_deleted AFTER DELETE ON classes FOR EACH ROW EXECUTE FUNCTION lyceum.keep_class_group();
CREATE TRIGGER version BEFORE UPDATE ON classes FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE client_secrets (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    secret_hash bytea NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    created_by uuid DEFAULT lyceum.current_user_id(),
    last_used_at timestamp with time zone,
    CONSTRAINT client_secrets_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT client_secrets_school_id_client_id_fkey FOREIGN KEY (school_id, client_id) REFERENCES clients(school_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE client_secrets IS 'What integrations sign in with, stored hashed. Two at most hold at once, so that one can be replaced without a pause.';
COMMENT ON COLUMN client_secrets.last_used_at IS 'To the minute; tells when an old secret is not needed any more.';
CREATE INDEX client_secrets_by_client ON public.client_secrets USING btree (school_id, client_id);
ALTER TABLE client_secrets ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON client_secrets TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON client_secrets TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF secret_hash ON client_secrets FOR EACH ROW EXECUTE FUNCTION lyceum.audit('secret_hash');
CREATE TRIGGER room BEFORE INSERT ON client_secrets FOR EACH ROW EXECUTE FUNCTION lyceum.check_client_secret();
CREATE TRIGGER sessions AFTER DELETE ON client_secrets FOR EACH ROW EXECUTE FUNCTION lyceum.end_sessions_of_secret();

CREATE TABLE clients (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    redirect_uris text[] DEFAULT '{}'::text[] NOT NULL,
    scopes text[] NOT NULL,
    state text DEFAULT 'active'::text NOT NULL,
    requests_per_minute integer,
    external_id text,
    last_used_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT clients_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT clients_name_key UNIQUE (school_id, name),
    CONSTRAINT clients_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT clients_kind CHECK (kind = ANY (ARRAY['app'::text, 'integration'::text])),
    CONSTRAINT clients_name CHECK (name <> ''::text),
    CONSTRAINT clients_redirect_uris CHECK ((kind = 'app'::text) = (cardinality(redirect_uris) > 0)),
    CONSTRAINT clients_requests_per_minute CHECK (requests_per_minute > 0),
    CONSTRAINT clients_scopes CHECK (cardinality(scopes) > 0 AND
CASE kind
    WHEN 'app'::text THEN scopes <@ '{person,person.read}'::text[]
    ELSE NOT scopes && '{person,person.read}'::text[]
END),
    CONSTRAINT clients_state CHECK (state = ANY (ARRAY['active'::text, 'blocked'::text]))
);
COMMENT ON TABLE clients IS 'Programs of others, registered by an administrator. app: people let it in on the server''s own page, and it acts as they do; integration: signs in with a secret, is nobody, and may do what its scopes say.';
COMMENT ON COLUMN clients.redirect_uris IS 'Of an app: where its people may be sent back to (RFC 6749 section 3.1.2).';
COMMENT ON COLUMN clients.scopes IS 'The most it is ever given.';
COMMENT ON COLUMN clients.requests_per_minute IS 'Limit of its requests, those of all its people together; null: the server''s own for an integration, none for an app.';
COMMENT ON COLUMN clients.last_used_at IS 'When it was last given a token, to the minute. Counts as no change.';
CREATE UNIQUE INDEX clients_external_id ON public.clients USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE clients ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON clients TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON clients TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF name, redirect_uris, scopes, state, requests_per_minute, external_id ON clients FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON clients REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_clients();
CREATE TRIGGER log_deleted AFTER DELETE ON clients REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_clients();
CREATE TRIGGER log_made AFTER INSERT ON clients REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_clients();
CREATE TRIGGER sessions AFTER UPDATE OF state, scopes ON clients FOR EACH ROW WHEN (new.state = 'blocked'::text OR NOT old.scopes <@ new.scopes) EXECUTE FUNCTION lyceum.end_sessions_of_client();
CREATE TRIGGER version BEFORE UPDATE OF name, redirect_uris, scopes, state, requests_per_minute, external_id ON clients FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE conduct_marks (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    term_id uuid NOT NULL,
    level smallint NOT NULL,
    scale text NOT NULL,
    comment text,
    recorded_by uuid DEFAULT lyceum.current_user_id(),
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT conduct_marks_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT conduct_marks_student_id_key UNIQUE (school_id, student_id, term_id),
    CONSTRAINT conduct_marks_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT conduct_marks_school_id_term_id_fkey FOREIGN KEY (school_id, term_id) REFERENCES terms(school_id, id),
    CONSTRAINT conduct_marks_comment CHECK (comment <> ''::text),
    CONSTRAINT conduct_marks_level CHECK (level >= 1 AND level <=
CASE scale
    WHEN 'pass'::text THEN 2
    WHEN 'three'::text THEN 3
    ELSE 5
END),
    CONSTRAINT conduct_marks_scale CHECK (scale = ANY (ARRAY['pass'::text, 'three'::text, 'five'::text]))
);
COMMENT ON TABLE conduct_marks IS 'M14: marks for conduct, of a student in a term. They are no subject marks.';
COMMENT ON COLUMN conduct_marks.level IS '1 is the lowest: with the scale pass, 1 is fail and 2 is pass.';
COMMENT ON COLUMN conduct_marks.scale IS 'The school''s scale when the mark was given.';
COMMENT ON COLUMN conduct_marks.recorded_by IS 'Who last wrote it.';
ALTER TABLE conduct_marks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON conduct_marks TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON conduct_marks TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON conduct_marks FOR EACH ROW EXECUTE FUNCTION lyceum.audit('level');
CREATE TRIGGER fixed BEFORE UPDATE ON conduct_marks FOR EACH ROW WHEN (new.student_id IS DISTINCT FROM old.student_id OR new.term_id IS DISTINCT FROM old.term_id) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON conduct_marks FOR EACH ROW EXECUTE FUNCTION lyceum.guard_conduct_mark();
CREATE TRIGGER log_changed AFTER UPDATE ON conduct_marks REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_conduct_marks();
CREATE TRIGGER log_deleted AFTER DELETE ON conduct_marks REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_conduct_marks();
CREATE TRIGGER log_made AFTER INSERT ON conduct_marks REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_conduct_marks();
CREATE TRIGGER version BEFORE UPDATE ON conduct_marks FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE conduct_notes (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    lesson_id uuid,
    date date NOT NULL,
    kind text NOT NULL,
    text text NOT NULL,
    author_id uuid DEFAULT lyceum.current_user_id(),
    published_at timestamp with time zone DEFAULT now(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT conduct_notes_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT conduct_notes_school_id_author_id_fkey FOREIGN KEY (school_id, author_id) REFERENCES users(school_id, id),
    CONSTRAINT conduct_notes_school_id_lesson_id_fkey FOREIGN KEY (school_id, lesson_id) REFERENCES lessons(school_id, id),
    CONSTRAINT conduct_notes_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT conduct_notes_kind CHECK (kind = ANY (ARRAY['praise'::text, 'remark'::text])),
    CONSTRAINT conduct_notes_text CHECK (text <> ''::text)
);
COMMENT ON TABLE conduct_notes IS 'Praise and remarks about a pupil''s conduct.';
COMMENT ON COLUMN conduct_notes.deleted_at IS 'Tombstone.';
CREATE INDEX conduct_notes_by_lesson ON public.conduct_notes USING btree (school_id, lesson_id) WHERE (lesson_id IS NOT NULL);
CREATE INDEX conduct_notes_by_student ON public.conduct_notes USING btree (school_id, student_id, date);
CREATE INDEX conduct_notes_held_back ON public.conduct_notes USING btree (school_id, student_id, published_at) WHERE (published_at > changed_at);
ALTER TABLE conduct_notes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON conduct_notes TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON conduct_notes TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON conduct_notes FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER first_version BEFORE INSERT ON conduct_notes FOR EACH ROW EXECUTE FUNCTION lyceum.first_version();
CREATE TRIGGER fixed BEFORE UPDATE ON conduct_notes FOR EACH ROW WHEN (new.student_id IS DISTINCT FROM old.student_id OR new.lesson_id IS DISTINCT FROM old.lesson_id OR new.date IS DISTINCT FROM old.date) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER log_changed AFTER UPDATE ON conduct_notes REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_conduct_notes();
CREATE TRIGGER log_deleted AFTER DELETE ON conduct_notes REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_conduct_notes();
CREATE TRIGGER log_made AFTER INSERT ON conduct_notes REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_conduct_notes();
CREATE TRIGGER log_publication AFTER INSERT OR UPDATE ON conduct_notes FOR EACH ROW WHEN (new.published_at > clock_timestamp()) EXECUTE FUNCTION lyceum.publish_later();
CREATE TRIGGER rules AFTER INSERT ON conduct_notes FOR EACH ROW EXECUTE FUNCTION lyceum.check_conduct_note();
CREATE TRIGGER version BEFORE UPDATE ON conduct_notes FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE consents (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    purpose text NOT NULL,
    given_by uuid NOT NULL,
    given_on date NOT NULL,
    withdrawn_on date,
    document text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT consents_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT consents_one_at_a_time EXCLUDE USING gist (school_id WITH =, COALESCE(student_id, student_id) WITH =, purpose WITH =, COALESCE(given_by, given_by) WITH =, daterange(given_on, withdrawn_on, '[)'::text) WITH &&) WHERE (purpose <> 'other'::text),
    CONSTRAINT consents_school_id_given_by_fkey FOREIGN KEY (school_id, given_by) REFERENCES users(school_id, id),
    CONSTRAINT consents_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT consents_dates CHECK (withdrawn_on >= given_on),
    CONSTRAINT consents_purpose CHECK (purpose = ANY (ARRAY['processing'::text, 'photo'::text, 'publication'::text, 'medical'::text, 'other'::text]))
);
COMMENT ON TABLE consents IS 'K3: what a family has agreed to: for whom, to what, by whom, from when, until when.';
COMMENT ON COLUMN consents.withdrawn_on IS 'The day from which it does not hold any more.';
CREATE INDEX consents_by_student ON public.consents USING btree (school_id, student_id, purpose);
ALTER TABLE consents ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON consents TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON consents TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON consents FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER fixed BEFORE UPDATE ON consents FOR EACH ROW WHEN (new.student_id IS DISTINCT FROM old.student_id OR new.purpose IS DISTINCT FROM old.purpose OR new.given_by IS DISTINCT FROM old.given_by) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER log_changed AFTER UPDATE ON consents REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_consents();
CREATE TRIGGER log_deleted AFTER DELETE ON consents REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_consents();
CREATE TRIGGER log_made AFTER INSERT ON consents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_consents();
CREATE TRIGGER photo AFTER DELETE OR UPDATE ON consents FOR EACH ROW WHEN (old.purpose = 'photo'::text) EXECUTE FUNCTION lyceum.withdraw_photo();
CREATE TRIGGER rules AFTER INSERT OR UPDATE ON consents FOR EACH ROW EXECUTE FUNCTION lyceum.check_consent();
CREATE TRIGGER version BEFORE UPDATE ON consents FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE consultation_history (
    school_id integer NOT NULL,
    consultation_id uuid NOT NULL,
    version integer NOT NULL,
    state text NOT NULL,
    assigned_to uuid,
    changed_by uuid,
    changed_at timestamp with time zone NOT NULL,
    request_id text,
    CONSTRAINT consultation_history_pkey PRIMARY KEY (school_id, consultation_id, version),
    CONSTRAINT consultation_history_school_id_consultation_id_fkey FOREIGN KEY (school_id, consultation_id) REFERENCES consultations(school_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE consultation_history IS 'C4, A5: every version of every consultation, append-only: the server''s role may only read. It goes with its consultation (K1).';
ALTER TABLE consultation_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON consultation_history TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON consultation_history TO lyceum_app;

CREATE TABLE consultation_messages (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    consultation_id uuid NOT NULL,
    kind text NOT NULL,
    text text NOT NULL,
    author_id uuid DEFAULT lyceum.current_user_id() NOT NULL,
    written_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT consultation_messages_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT consultation_messages_school_id_author_id_fkey FOREIGN KEY (school_id, author_id) REFERENCES users(school_id, id),
    CONSTRAINT consultation_messages_school_id_consultation_id_fkey FOREIGN KEY (school_id, consultation_id) REFERENCES consultations(school_id, id) ON DELETE CASCADE,
    CONSTRAINT consultation_messages_kind CHECK (kind = ANY (ARRAY['question'::text, 'answer'::text, 'note'::text])),
    CONSTRAINT consultation_messages_text CHECK (text <> ''::text)
);
COMMENT ON TABLE consultation_messages IS 'C4: what was asked and answered. Rows never change.';
COMMENT ON COLUMN consultation_messages.kind IS 'question: from the asker; answer: from an administrator; note: from an administrator, but the question still waits.';
CREATE INDEX consultation_messages_by_author ON public.consultation_messages USING btree (school_id, author_id, written_at) WHERE (kind = 'question'::text);
CREATE INDEX consultation_messages_by_consultation ON public.consultation_messages USING btree (school_id, consultation_id, written_at, id);
ALTER TABLE consultation_messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON consultation_messages TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT ON consultation_messages TO lyceum_app;
CREATE TRIGGER follow AFTER INSERT ON consultation_messages FOR EACH ROW EXECUTE FUNCTION lyceum.follow_consultation_message();
CREATE TRIGGER guard BEFORE INSERT ON consultation_messages FOR EACH ROW EXECUTE FUNCTION lyceum.guard_consultation_message();
CREATE TRIGGER log_changed AFTER UPDATE ON consultation_messages REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_consultation_messages();
CREATE TRIGGER log_deleted AFTER DELETE ON consultation_messages REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_consultation_messages();
CREATE TRIGGER log_made AFTER INSERT ON consultation_messages REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_consultation_messages();
CREATE TRIGGER tell AFTER INSERT ON consultation_messages FOR EACH ROW EXECUTE FUNCTION lyceum.tell_consultation_message();

CREATE TABLE consultations (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    asker_id uuid,
    visitor_name text,
    phone text,
    recorded_by uuid,
    category text NOT NULL,
    subject text NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    assigned_to uuid,
    opened_at timestamp with time zone DEFAULT now() NOT NULL,
    waiting_since timestamp with time zone DEFAULT now() NOT NULL,
    answered_at timestamp with time zone,
    closed_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT consultations_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT consultations_school_id_asker_id_fkey FOREIGN KEY (school_id, asker_id) REFERENCES users(school_id, id),
    CONSTRAINT consultations_school_id_assigned_to_fkey FOREIGN KEY (school_id, assigned_to) REFERENCES users(school_id, id),
    CONSTRAINT consultations_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT consultations_school_id_recorded_by_fkey FOREIGN KEY (school_id, recorded_by) REFERENCES users(school_id, id),
    CONSTRAINT consultations_answered CHECK (state <> 'answered'::text OR answered_at IS NOT NULL),
    CONSTRAINT consultations_asker CHECK (num_nonnulls(asker_id, visitor_name) = 1),
    CONSTRAINT consultations_category CHECK (category = ANY (ARRAY['access'::text, 'profile'::text, 'records'::text, 'timetable'::text, 'usage'::text, 'other'::text])),
    CONSTRAINT consultations_closed CHECK ((state = 'closed'::text) = (closed_at IS NOT NULL)),
    CONSTRAINT consultations_phone CHECK (phone <> ''::text),
    CONSTRAINT consultations_state CHECK (state = ANY (ARRAY['open'::text, 'in_progress'::text, 'answered'::text, 'closed'::text])),
    CONSTRAINT consultations_subject CHECK (subject <> ''::text),
    CONSTRAINT consultations_visitor CHECK (visitor_name IS NULL OR recorded_by IS NOT NULL),
    CONSTRAINT consultations_visitor_name CHECK (visitor_name <> ''::text)
);
COMMENT ON TABLE consultations IS 'C4: questions to the administrators. The asker and the administrators see one.';
COMMENT ON COLUMN consultations.asker_id IS 'Null: a visitor without an account, who is named in visitor_name.';
COMMENT ON COLUMN consultations.phone IS 'Where to call back.';
COMMENT ON COLUMN consultations.recorded_by IS 'The administrator who wrote it down at the desk; null: the asker wrote it.';
COMMENT ON COLUMN consultations.assigned_to IS 'The administrator who works on it.';
COMMENT ON COLUMN consultations.waiting_since IS 'When the question came that waits for an answer, or was answered last.';
COMMENT ON COLUMN consultations.answered_at IS 'When the last answer was given; null while a question waits.';
CREATE INDEX consultations_by_asker ON public.consultations USING btree (school_id, asker_id, id);
CREATE INDEX consultations_by_change ON public.consultations USING btree (school_id, changed_at);
CREATE INDEX consultations_by_desk ON public.consultations USING btree (school_id, recorded_by, opened_at) WHERE (recorded_by IS NOT NULL);
CREATE INDEX consultations_by_waiting ON public.consultations USING btree (school_id, waiting_since, id);
CREATE INDEX consultations_waiting ON public.consultations USING btree (school_id, waiting_since, id) WHERE (state = ANY (ARRAY['open'::text, 'in_progress'::text]));
ALTER TABLE consultations ENABLE ROW LEVEL SECURITY;
CREATE POLICY retention ON consultations AS RESTRICTIVE FOR DELETE TO lyceum_app USING (((changed_at < (now() -
CASE
    WHEN (visitor_name IS NULL) THEN '3 years'::interval
    ELSE '1 year'::interval
END)) AND (opened_at < (now() - '1 year'::interval)) AND (NOT (EXISTS ( SELECT
   FROM consultation_messages m
  WHERE ((m.school_id = consultations.school_id) AND (m.consultation_id = consultations.id) AND (m.written_at >= (now() -
        CASE
            WHEN (consultations.visitor_name IS NULL) THEN '3 years'::interval
            ELSE '1 year'::interval
        END))))))));
CREATE POLICY tenant ON consultations TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON consultations TO lyceum_app;
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON consultations FOR EACH ROW EXECUTE FUNCTION lyceum.guard_consultation();
CREATE TRIGGER history AFTER INSERT ON consultations FOR EACH ROW EXECUTE FUNCTION lyceum.keep_consultation();
CREATE TRIGGER history_again AFTER UPDATE ON consultations FOR EACH ROW WHEN (old.version <> new.version) EXECUTE FUNCTION lyceum.keep_consultation();
CREATE TRIGGER log_changed AFTER UPDATE ON consultations REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_consultations();
CREATE TRIGGER log_deleted AFTER DELETE ON consultations REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_consultations();
CREATE TRIGGER log_made AFTER INSERT ON consultations REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_consultations();
CREATE TRIGGER version BEFORE UPDATE ON consultations FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE contacts (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    guardian_id uuid,
    date date NOT NULL,
    means text NOT NULL,
    outcome text NOT NULL,
    text text,
    entity text,
    entity_id uuid,
    author_id uuid DEFAULT lyceum.current_user_id() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT contacts_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT contacts_school_id_guardian_id_fkey FOREIGN KEY (school_id, guardian_id) REFERENCES guardians(school_id, id),
    CONSTRAINT contacts_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT contacts_entity CHECK (entity = ANY (ARRAY['notifications'::text, 'announcements'::text])),
    CONSTRAINT contacts_entity_id CHECK ((entity IS NULL) = (entity_id IS NULL)),
    CONSTRAINT contacts_means CHECK (means = ANY (ARRAY['phone'::text, 'meeting'::text, 'slip'::text, 'letter'::text, 'other'::text])),
    CONSTRAINT contacts_outcome CHECK (outcome = ANY (ARRAY['reached'::text, 'not_reached'::text])),
    CONSTRAINT contacts_subject CHECK (num_nonnulls(text, entity) > 0)
);
COMMENT ON TABLE contacts IS 'S5.3: how a class teacher or a deputy head informed a family, or tried to, without the system: a call, a meeting, a slip of paper.';
COMMENT ON COLUMN contacts.guardian_id IS 'Who was informed; null: the family, for example by a slip that the student took home.';
COMMENT ON COLUMN contacts.outcome IS 'Only contacts that reached somebody are proof of informing.';
COMMENT ON COLUMN contacts.text IS 'What it was about, in words.';
COMMENT ON COLUMN contacts.entity IS 'With entity_id, the notification or the announcement that it was about.';
COMMENT ON COLUMN contacts.author_id IS 'Who recorded it, and may correct it; no foreign key, as of all columns that say who.';
CREATE INDEX contacts_by_day ON public.contacts USING btree (school_id, date, id);
CREATE INDEX contacts_by_student ON public.contacts USING btree (school_id, student_id, date);
ALTER TABLE contacts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON contacts TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON contacts TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER audit_deletion AFTER DELETE ON contacts FOR EACH ROW WHEN (old.date >= lyceum.forgotten_contacts_before()) EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON contacts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_contacts();
CREATE TRIGGER log_deleted AFTER DELETE ON contacts REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_contacts();
CREATE TRIGGER log_made AFTER INSERT ON contacts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_contacts();
CREATE TRIGGER rules BEFORE INSERT OR DELETE OR UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION lyceum.check_contact();
CREATE TRIGGER version BEFORE UPDATE ON contacts FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE control_snapshots (
    school_id integer NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    kind text DEFAULT 'manual'::text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    academic_year_id uuid NOT NULL,
    term_id uuid,
    note text,
    figures jsonb NOT NULL,
    taken_by uuid,
    taken_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT control_snapshots_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT control_snapshots_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT control_snapshots_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT control_snapshots_school_id_term_id_fkey FOREIGN KEY (school_id, term_id) REFERENCES terms(school_id, id),
    CONSTRAINT control_snapshots_dates CHECK (ends_on >= starts_on),
    CONSTRAINT control_snapshots_kind CHECK (kind = ANY (ARRAY['manual'::text, 'week'::text, 'term'::text])),
    CONSTRAINT control_snapshots_length CHECK ((ends_on - starts_on) < 366),
    CONSTRAINT control_snapshots_note CHECK (note <> ''::text)
);
COMMENT ON TABLE control_snapshots IS 'The figures of control (lyceum.journal_control) as they were at one moment. The figures never change: journals that are completed later do not mend what a snapshot says.';
COMMENT ON COLUMN control_snapshots.kind IS 'week and term: by the server, after the end of the week or term; manual: by a person.';
COMMENT ON COLUMN control_snapshots.term_id IS 'The term with exactly these days; null: other days.';
COMMENT ON COLUMN control_snapshots.figures IS 'Ids and counts, without names.';
COMMENT ON COLUMN control_snapshots.taken_by IS 'Null: the server.';
CREATE INDEX control_snapshots_by_end ON public.control_snapshots USING btree (school_id, ends_on, id);
CREATE UNIQUE INDEX control_snapshots_once ON public.control_snapshots USING btree (school_id, kind, starts_on, ends_on) WHERE (kind <> 'manual'::text);
ALTER TABLE control_snapshots ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON control_snapshots TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON control_snapshots TO lyceum_app;
CREATE TRIGGER audit AFTER UPDATE ON control_snapshots FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER figures BEFORE INSERT ON control_snapshots FOR EACH ROW EXECUTE FUNCTION lyceum.take_control_snapshot();
CREATE TRIGGER keep BEFORE UPDATE ON control_snapshots FOR EACH ROW EXECUTE FUNCTION lyceum.keep_control_snapshot();
CREATE TRIGGER log_changed AFTER UPDATE ON control_snapshots REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_control_snapshots();
CREATE TRIGGER log_deleted AFTER DELETE ON control_snapshots REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_control_snapshots();
CREATE TRIGGER log_made AFTER INSERT ON control_snapshots REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_control_snapshots();
CREATE TRIGGER version BEFORE UPDATE ON control_snapshots FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE curriculum_plans (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    grade_level smallint NOT NULL,
    section_id uuid,
    copied_from_id uuid,
    title text NOT NULL,
    state text DEFAULT 'draft'::text NOT NULL,
    author_id uuid,
    approved_by uuid,
    approved_at timestamp with time zone,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    content_changed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT curriculum_plans_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT curriculum_plans_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT curriculum_plans_school_id_approved_by_fkey FOREIGN KEY (school_id, approved_by) REFERENCES staff(school_id, id),
    CONSTRAINT curriculum_plans_school_id_author_id_fkey FOREIGN KEY (school_id, author_id) REFERENCES staff(school_id, id),
    CONSTRAINT curriculum_plans_school_id_copied_from_id_fkey FOREIGN KEY (school_id, copied_from_id) REFERENCES curriculum_plans(school_id, id),
    CONSTRAINT curriculum_plans_school_id_section_id_fkey FOREIGN KEY (school_id, section_id) REFERENCES sections(school_id, id),
    CONSTRAINT curriculum_plans_school_id_subject_id_fkey FOREIGN KEY (school_id, subject_id) REFERENCES subjects(school_id, id),
    CONSTRAINT curriculum_plans_approval CHECK (state <> 'approved'::text OR approved_at IS NOT NULL),
    CONSTRAINT curriculum_plans_grade_level CHECK (grade_level >= 1 AND grade_level <= 11),
    CONSTRAINT curriculum_plans_state CHECK (state = ANY (ARRAY['draft'::text, 'approved'::text, 'archived'::text])),
    CONSTRAINT curriculum_plans_title CHECK (title <> ''::text)
);
COMMENT ON TABLE curriculum_plans IS 'P1: plans (КТП) of a subject for a grade level: the common base, and copies that belong to a section.';
COMMENT ON COLUMN curriculum_plans.section_id IS 'Null: a plan of the common base. Else the section''s own copy.';
COMMENT ON COLUMN curriculum_plans.copied_from_id IS 'Plan this one was copied from.';
COMMENT ON COLUMN curriculum_plans.content_changed_at IS 'When units or topics last changed. A change of them is a new version of the plan.';
CREATE INDEX curriculum_plans_by_subject ON public.curriculum_plans USING btree (school_id, academic_year_id, subject_id, grade_level);
CREATE UNIQUE INDEX curriculum_plans_external_id ON public.curriculum_plans USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
CREATE UNIQUE INDEX curriculum_plans_one_per_section ON public.curriculum_plans USING btree (school_id, section_id) WHERE ((section_id IS NOT NULL) AND (state <> 'archived'::text));
ALTER TABLE curriculum_plans ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON curriculum_plans TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON curriculum_plans TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON curriculum_plans FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER fixed BEFORE UPDATE ON curriculum_plans FOR EACH ROW WHEN (new.academic_year_id IS DISTINCT FROM old.academic_year_id OR new.subject_id IS DISTINCT FROM old.subject_id OR new.grade_level IS DISTINCT FROM old.grade_level OR new.section_id IS DISTINCT FROM old.section_id OR new.copied_from_id IS DISTINCT FROM old.copied_from_id OR new.author_id IS DISTINCT FROM old.author_id) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER guard BEFORE INSERT OR DELETE ON curriculum_plans FOR EACH ROW EXECUTE FUNCTION lyceum.guard_plan();
CREATE TRIGGER guard_again BEFORE UPDATE ON curriculum_plans FOR EACH ROW WHEN (new.* IS DISTINCT FROM old.*) EXECUTE FUNCTION lyceum.guard_plan();
CREATE TRIGGER log_changed AFTER UPDATE ON curriculum_plans REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_curriculum_plans();
CREATE TRIGGER log_deleted AFTER DELETE ON curriculum_plans REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_curriculum_plans();
CREATE TRIGGER log_made AFTER INSERT ON curriculum_plans REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_curriculum_plans();
CREATE TRIGGER version BEFORE UPDATE ON curriculum_plans FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE debt_attempts (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    debt_id uuid NOT NULL,
    ordinal smallint NOT NULL,
    held_on date NOT NULL,
    commission text,
    result text,
    number smallint,
    order_id uuid,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT debt_attempts_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT debt_attempts_ordinal_key UNIQUE (school_id, debt_id, ordinal),
    CONSTRAINT debt_attempts_school_id_debt_id_fkey FOREIGN KEY (school_id, debt_id) REFERENCES debts(school_id, id),
    CONSTRAINT debt_attempts_school_id_order_id_fkey FOREIGN KEY (school_id, order_id) REFERENCES orders(school_id, id),
    CONSTRAINT debt_attempts_commission CHECK (ordinal <> 2 OR commission IS NOT NULL),
    CONSTRAINT debt_attempts_number CHECK (number IS NULL OR COALESCE(
CASE result
    WHEN 'passed'::text THEN number >= 3 AND number <= 5
    WHEN 'failed'::text THEN number >= 1 AND number <= 2
    ELSE NULL::boolean
END, false)),
    CONSTRAINT debt_attempts_order_id CHECK (result IS NULL OR order_id IS NOT NULL),
    CONSTRAINT debt_attempts_ordinal CHECK (ordinal = ANY (ARRAY[1, 2])),
    CONSTRAINT debt_attempts_result CHECK (result = ANY (ARRAY['passed'::text, 'failed'::text, 'absent'::text]))
);
COMMENT ON TABLE debt_attempts IS 'M13: attempts to settle a debt; the second one is before a commission.';
COMMENT ON COLUMN debt_attempts.held_on IS 'The day for which it is planned, or on which it was held.';
COMMENT ON COLUMN debt_attempts.commission IS 'Who is in the commission.';
COMMENT ON COLUMN debt_attempts.result IS 'Null: planned.';
COMMENT ON COLUMN debt_attempts.number IS 'The mark. A debt that is passed without a number becomes the code pass.';
COMMENT ON COLUMN debt_attempts.order_id IS 'The protocol.';
CREATE INDEX debt_attempts_by_order ON public.debt_attempts USING btree (school_id, order_id) WHERE (order_id IS NOT NULL);
CREATE INDEX debt_attempts_planned ON public.debt_attempts USING btree (school_id, held_on) WHERE (result IS NULL);
ALTER TABLE debt_attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON debt_attempts TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON debt_attempts TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON debt_attempts FOR EACH ROW EXECUTE FUNCTION lyceum.audit('number', 'result');
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON debt_attempts FOR EACH ROW EXECUTE FUNCTION lyceum.guard_debt_attempt();
CREATE TRIGGER guard_deletion BEFORE DELETE ON debt_attempts FOR EACH ROW EXECUTE FUNCTION lyceum.guard_debt_attempt_deletion();
CREATE TRIGGER log_changed AFTER UPDATE ON debt_attempts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_debt_attempts();
CREATE TRIGGER log_deleted AFTER DELETE ON debt_attempts REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_debt_attempts();
CREATE TRIGGER log_made AFTER INSERT ON debt_attempts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_debt_attempts();
CREATE TRIGGER settle AFTER INSERT OR UPDATE ON debt_attempts FOR EACH ROW WHEN (new.result = 'passed'::text) EXECUTE FUNCTION lyceum.settle_debt();
CREATE TRIGGER version BEFORE UPDATE ON debt_attempts FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE debts (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    term_id uuid,
    number smallint,
    code text,
    state text DEFAULT 'open'::text NOT NULL,
    opened_on date NOT NULL,
    settled_on date,
    published_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT debts_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT debts_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT debts_school_id_id_fkey FOREIGN KEY (school_id, id) REFERENCES final_marks(school_id, id),
    CONSTRAINT debts_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT debts_school_id_subject_id_fkey FOREIGN KEY (school_id, subject_id) REFERENCES subjects(school_id, id),
    CONSTRAINT debts_school_id_term_id_fkey FOREIGN KEY (school_id, term_id) REFERENCES terms(school_id, id),
    CONSTRAINT debts_settled_on CHECK ((settled_on IS NOT NULL) = (state = 'settled'::text)),
    CONSTRAINT debts_state CHECK (state = ANY (ARRAY['open'::text, 'settled'::text, 'cancelled'::text])),
    CONSTRAINT debts_value CHECK (num_nonnulls(number, code) = 1)
);
COMMENT ON TABLE debts IS 'M13: academic debts. A final mark of 2 or below, or not_assessed, opens one. It has the id of that final mark. Triggers write it.';
COMMENT ON COLUMN debts.number IS 'The final mark that opened the debt; code: not_assessed.';
COMMENT ON COLUMN debts.state IS 'cancelled: the final mark was corrected, so there was no debt.';
COMMENT ON COLUMN debts.published_at IS 'M12: that of the final mark.';
CREATE INDEX debts_by_day ON public.debts USING btree (school_id, opened_on, id);
CREATE INDEX debts_by_student ON public.debts USING btree (school_id, student_id);
ALTER TABLE debts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON debts TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON debts TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR UPDATE ON debts FOR EACH ROW EXECUTE FUNCTION lyceum.audit('number', 'code');
CREATE TRIGGER log_changed AFTER UPDATE ON debts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_debts();
CREATE TRIGGER log_deleted AFTER DELETE ON debts REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_debts();
CREATE TRIGGER log_made AFTER INSERT ON debts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_debts();
CREATE TRIGGER log_publication AFTER INSERT OR UPDATE ON debts FOR EACH ROW WHEN (new.published_at > clock_timestamp()) EXECUTE FUNCTION lyceum.publish_later();
CREATE TRIGGER promotion AFTER INSERT ON debts FOR EACH ROW EXECUTE FUNCTION lyceum.settle_promotion();
CREATE TRIGGER promotion_again AFTER UPDATE ON debts FOR EACH ROW WHEN (new.state IS DISTINCT FROM old.state OR new.settled_on IS DISTINCT FROM old.settled_on) EXECUTE FUNCTION lyceum.settle_promotion();
CREATE TRIGGER version BEFORE UPDATE ON debts FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE deliveries (
    school_id integer NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    channel text NOT NULL,
    person_id uuid NOT NULL,
    subscription_id uuid,
    is_urgent boolean NOT NULL,
    notifications uuid[] NOT NULL,
    due_at timestamp with time zone NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    attempts smallint DEFAULT 0 NOT NULL,
    failure text,
    ended_at timestamp with time zone,
    outcome text,
    CONSTRAINT deliveries_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT deliveries_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT deliveries_channel CHECK (channel = ANY (ARRAY['push'::text, 'mail'::text])),
    CONSTRAINT deliveries_failure CHECK (failure ~ '^[a-z0-9_]{1,40}$'::text),
    CONSTRAINT deliveries_outcome CHECK ((outcome IS NULL) = (ended_at IS NULL) AND (outcome = ANY (ARRAY['sent'::text, 'skipped'::text, 'refused'::text, 'failed'::text, 'gone'::text]))),
    CONSTRAINT deliveries_subscription CHECK ((channel = 'push'::text) = (subscription_id IS NOT NULL))
);
COMMENT ON TABLE deliveries IS 'The outbox: one row for each message to a device or an address, with the notifications that it tells of. lyceum.plan_deliveries writes it together with its piece of background work. It has no foreign keys: its rows may outlive what they name.';
COMMENT ON COLUMN deliveries.notifications IS 'Until the first attempt, new notifications for the same target are added.';
COMMENT ON COLUMN deliveries.started_at IS 'When the first attempt began; from then on the list is fixed, so that a repeat says the same.';
COMMENT ON COLUMN deliveries.failure IS 'Code of the last failure: http_503, smtp_450, timeout …';
COMMENT ON COLUMN deliveries.outcome IS 'skipped: there was nothing left that the person may be told; refused: the other side refused the message; failed: it could not be delivered for a day; gone: the target has ended.';
CREATE INDEX deliveries_by_age ON public.deliveries USING btree (school_id, created_at);
CREATE INDEX deliveries_by_person ON public.deliveries USING btree (school_id, person_id, created_at);
CREATE UNIQUE INDEX deliveries_waiting ON public.deliveries USING btree (school_id, channel, COALESCE(subscription_id, person_id), is_urgent) WHERE ((started_at IS NULL) AND (ended_at IS NULL));
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON deliveries TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON deliveries TO lyceum_app;

CREATE TABLE delivery_cursors (
    school_id integer NOT NULL,
    channel text NOT NULL,
    seen pg_snapshot,
    seen_at timestamp with time zone,
    CONSTRAINT delivery_cursors_pkey PRIMARY KEY (school_id, channel),
    CONSTRAINT delivery_cursors_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id)
);
COMMENT ON TABLE delivery_cursors IS 'Which notifications of the school lyceum.plan_deliveries has seen. Each channel has its own cursor, so that a process moves only those of the channels that it has.';
COMMENT ON COLUMN delivery_cursors.seen IS 'Null: none yet.';
ALTER TABLE delivery_cursors ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON delivery_cursors TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON delivery_cursors TO lyceum_app;

CREATE TABLE email_addresses (
    school_id integer NOT NULL,
    person_id uuid NOT NULL,
    id uuid NOT NULL,
    address text NOT NULL,
    confirmed_at timestamp with time zone DEFAULT now() NOT NULL,
    failing_since timestamp with time zone,
    CONSTRAINT email_addresses_pkey PRIMARY KEY (school_id, person_id),
    CONSTRAINT email_addresses_school_id_person_id_fkey FOREIGN KEY (school_id, person_id) REFERENCES users(school_id, id),
    CONSTRAINT email_addresses_address CHECK (address ~ '^[!-~]{1,64}@[!-~]{1,253}$'::text AND length(address) <= 254)
);
COMMENT ON TABLE email_addresses IS 'Where a person wants mail: an address that the person has confirmed. The contacts of a profile, which the school writes, are not used.';
COMMENT ON COLUMN email_addresses.id IS 'The id of the code that confirmed the address. Links of mails name it, so those of an earlier address are void.';
COMMENT ON COLUMN email_addresses.failing_since IS 'Since when the mail server refuses the address for good; nothing is sent until it is confirmed again.';
ALTER TABLE email_addresses ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON email_addresses TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON email_addresses TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF address ON email_addresses FOR EACH ROW EXECUTE FUNCTION lyceum.audit('address');
CREATE TRIGGER log_changed AFTER UPDATE ON email_addresses REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_email_addresses();
CREATE TRIGGER log_deleted AFTER DELETE ON email_addresses REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_email_addresses();
CREATE TRIGGER log_made AFTER INSERT ON email_addresses REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_email_addresses();

CREATE TABLE email_codes (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    address text NOT NULL,
    tries smallint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT email_codes_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT email_codes_school_id_person_id_fkey FOREIGN KEY (school_id, person_id) REFERENCES users(school_id, id),
    CONSTRAINT email_codes_tries CHECK (tries >= 0 AND tries <= 5)
);
COMMENT ON TABLE email_codes IS 'Addresses that wait for a code, which the server mailed to them. The newest row of a person is the valid one, for 30 minutes and 5 attempts. Rows are deleted after a day.';
COMMENT ON COLUMN email_codes.id IS 'The server derives the code from it, with its token keys.';
CREATE INDEX email_codes_by_age ON public.email_codes USING btree (school_id, created_at);
CREATE INDEX email_codes_by_person ON public.email_codes USING btree (school_id, person_id, created_at);
ALTER TABLE email_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON email_codes TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON email_codes TO lyceum_app;

CREATE TABLE ended_memberships (
    school_id integer NOT NULL,
    enrollment_id uuid NOT NULL,
    id uuid NOT NULL,
    group_id uuid NOT NULL,
    student_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date,
    CONSTRAINT ended_memberships_pkey PRIMARY KEY (school_id, enrollment_id, id),
    CONSTRAINT ended_memberships_school_id_enrollment_id_fkey FOREIGN KEY (school_id, enrollment_id) REFERENCES enrollments(school_id, id) ON DELETE CASCADE,
    CONSTRAINT ended_memberships_school_id_group_id_fkey FOREIGN KEY (school_id, group_id) REFERENCES groups(school_id, id) ON DELETE CASCADE,
    CONSTRAINT ended_memberships_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id)
);
COMMENT ON TABLE ended_memberships IS 'L5: memberships in subgroups that the end of an enrollment shortened or deleted. Written by the trigger lyceum.follow_enrollment.';
COMMENT ON COLUMN ended_memberships.id IS 'The id of the membership.';
COMMENT ON COLUMN ended_memberships.ends_on IS 'The last day before the enrollment ended it; null: it had none.';
CREATE INDEX ended_memberships_by_group ON public.ended_memberships USING btree (school_id, group_id);
ALTER TABLE ended_memberships ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON ended_memberships TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON ended_memberships TO lyceum_app;

CREATE TABLE enrollments (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    class_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date,
    in_class_group boolean DEFAULT true NOT NULL,
    reason text,
    end_reason text,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    order_id uuid,
    end_order_id uuid,
    CONSTRAINT enrollments_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT enrollments_no_overlap EXCLUDE USING gist (school_id WITH =, COALESCE(student_id, student_id) WITH =, daterange(starts_on, ends_on, '[]'::text) WITH &&),
    CONSTRAINT enrollments_school_id_class_id_fkey FOREIGN KEY (school_id, class_id) REFERENCES classes(school_id, id),
    CONSTRAINT enrollments_school_id_end_order_id_fkey FOREIGN KEY (school_id, end_order_id) REFERENCES orders(school_id, id),
    CONSTRAINT enrollments_school_id_order_id_fkey FOREIGN KEY (school_id, order_id) REFERENCES orders(school_id, id),
    CONSTRAINT enrollments_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT enrollments_dates CHECK (ends_on >= starts_on),
    CONSTRAINT enrollments_end_order_id CHECK (end_order_id IS NULL OR ends_on IS NOT NULL)
);
COMMENT ON TABLE enrollments IS 'In which class a pupil stands and when; one at a time. Says the pupil''s grade level on a day (M1).';
COMMENT ON COLUMN enrollments.ends_on IS 'Last day, inclusive; null while it lasts.';
COMMENT ON COLUMN enrollments.in_class_group IS 'False for a pupil of the class who is taught alone (at home): not a member of the class''s group.';
COMMENT ON COLUMN enrollments.reason IS 'Why the pupil came: order, transfer.';
COMMENT ON COLUMN enrollments.end_reason IS 'Why the pupil left: transfer, graduation.';
COMMENT ON COLUMN enrollments.order_id IS 'Y2: the order by which the student came into the class.';
COMMENT ON COLUMN enrollments.end_order_id IS 'Y2: the order by which the student left it.';
CREATE INDEX enrollments_by_class ON public.enrollments USING btree (school_id, class_id, starts_on);
CREATE INDEX enrollments_by_end_order ON public.enrollments USING btree (school_id, end_order_id) WHERE (end_order_id IS NOT NULL);
CREATE INDEX enrollments_by_order ON public.enrollments USING btree (school_id, order_id) WHERE (order_id IS NOT NULL);
CREATE INDEX enrollments_by_student ON public.enrollments USING btree (school_id, student_id, starts_on);
CREATE UNIQUE INDEX enrollments_external_id ON public.enrollments USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE enrollments ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON enrollments TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON enrollments TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON enrollments FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE CONSTRAINT TRIGGER in_class AFTER DELETE ON enrollments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lyceum.keep_in_class();
CREATE CONSTRAINT TRIGGER in_class_again AFTER UPDATE ON enrollments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NOT lyceum.covers(new.starts_on, new.ends_on, old.starts_on, old.ends_on)) EXECUTE FUNCTION lyceum.keep_in_class();
CREATE TRIGGER log_changed AFTER UPDATE ON enrollments REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_enrollments();
CREATE TRIGGER log_deleted AFTER DELETE ON enrollments REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_enrollments();
CREATE TRIGGER log_made AFTER INSERT ON enrollments REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_enrollments();
CREATE TRIGGER membership AFTER INSERT OR DELETE OR UPDATE ON enrollments FOR EACH ROW EXECUTE FUNCTION lyceum.follow_enrollment();
CREATE CONSTRAINT TRIGGER recorded AFTER INSERT OR DELETE ON enrollments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lyceum.keep_recorded_days();
CREATE CONSTRAINT TRIGGER recorded_again AFTER UPDATE ON enrollments DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NOT lyceum.covers(new.starts_on, new.ends_on, old.starts_on, old.ends_on)) EXECUTE FUNCTION lyceum.keep_recorded_days();
CREATE TRIGGER subgroups AFTER DELETE ON enrollments FOR EACH ROW EXECUTE FUNCTION lyceum.follow_into_subgroups();
CREATE TRIGGER subgroups_again AFTER UPDATE ON enrollments FOR EACH ROW WHEN (new.starts_on IS DISTINCT FROM old.starts_on OR new.ends_on IS DISTINCT FROM old.ends_on) EXECUTE FUNCTION lyceum.follow_into_subgroups();
CREATE TRIGGER version BEFORE UPDATE ON enrollments FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE feedback (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    section_id uuid NOT NULL,
    lesson_id uuid,
    text text NOT NULL,
    author_id uuid DEFAULT lyceum.current_user_id(),
    published_at timestamp with time zone DEFAULT now(),
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    term_id uuid,
    CONSTRAINT feedback_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT feedback_cell_key UNIQUE (school_id, lesson_id, student_id),
    CONSTRAINT feedback_school_id_author_id_fkey FOREIGN KEY (school_id, author_id) REFERENCES users(school_id, id),
    CONSTRAINT feedback_school_id_lesson_id_section_id_fkey FOREIGN KEY (school_id, lesson_id, section_id) REFERENCES lessons(school_id, id, section_id),
    CONSTRAINT feedback_school_id_section_id_fkey FOREIGN KEY (school_id, section_id) REFERENCES sections(school_id, id),
    CONSTRAINT feedback_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT feedback_school_id_term_id_fkey FOREIGN KEY (school_id, term_id) REFERENCES terms(school_id, id),
    CONSTRAINT feedback_term_id CHECK (term_id IS NULL OR lesson_id IS NULL),
    CONSTRAINT feedback_text CHECK (text <> ''::text)
);
COMMENT ON TABLE feedback IS 'Written words instead of, or beside, a mark; grade 1 has no other (M1). One row per pupil and lesson.';
COMMENT ON COLUMN feedback.lesson_id IS 'Null: about the subject and not about one lesson.';
COMMENT ON COLUMN feedback.published_at IS 'M12: null holds it back.';
COMMENT ON COLUMN feedback.deleted_at IS 'Tombstone; writing again clears it.';
COMMENT ON COLUMN feedback.term_id IS 'The term that the feedback sums up; null: about a lesson, or about the subject in general.';
CREATE INDEX feedback_by_section ON public.feedback USING btree (school_id, section_id, student_id);
CREATE INDEX feedback_by_student ON public.feedback USING btree (school_id, student_id);
CREATE INDEX feedback_by_term ON public.feedback USING btree (school_id, term_id) WHERE (term_id IS NOT NULL);
CREATE INDEX feedback_held_back ON public.feedback USING btree (school_id, student_id, published_at) WHERE (published_at > changed_at);
CREATE STATISTICS public.feedback_school (dependencies) ON school_id, student_id FROM feedback;
ALTER TABLE feedback ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON feedback TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON feedback TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON feedback FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER first_version BEFORE INSERT ON feedback FOR EACH ROW EXECUTE FUNCTION lyceum.first_version();
CREATE TRIGGER fixed BEFORE UPDATE ON feedback FOR EACH ROW WHEN (new.student_id IS DISTINCT FROM old.student_id OR new.section_id IS DISTINCT FROM old.section_id OR new.lesson_id IS DISTINCT FROM old.lesson_id OR new.term_id IS DISTINCT FROM old.term_id) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER log_changed AFTER UPDATE ON feedback REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_feedback();
CREATE TRIGGER log_deleted AFTER DELETE ON feedback REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_feedback();
CREATE TRIGGER log_made AFTER INSERT ON feedback REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_feedback();
CREATE TRIGGER log_publication AFTER INSERT OR UPDATE ON feedback FOR EACH ROW WHEN (new.published_at > clock_timestamp()) EXECUTE FUNCTION lyceum.publish_later();
CREATE TRIGGER rules AFTER INSERT ON feedback FOR EACH ROW EXECUTE FUNCTION lyceum.check_feedback();
CREATE TRIGGER rules_again AFTER UPDATE ON feedback FOR EACH ROW WHEN (new.text IS DISTINCT FROM old.text OR new.deleted_at IS DISTINCT FROM old.deleted_at) EXECUTE FUNCTION lyceum.check_feedback();
CREATE TRIGGER version BEFORE UPDATE ON feedback FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE final_mark_history (
    school_id integer NOT NULL,
    final_mark_id uuid NOT NULL,
    version integer NOT NULL,
    student_id uuid NOT NULL,
    old_kind text,
    old_number smallint,
    old_code text,
    old_due_on date,
    old_exam_points smallint,
    old_reason text,
    old_comment text,
    new_kind text,
    new_number smallint,
    new_code text,
    new_due_on date,
    new_exam_points smallint,
    new_reason text,
    new_comment text,
    published_at timestamp with time zone,
    changed_by uuid,
    changed_at timestamp with time zone NOT NULL,
    reason text,
    request_id text,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    client_id uuid DEFAULT lyceum.current_client_id(),
    old_order_id uuid,
    new_order_id uuid,
    CONSTRAINT final_mark_history_pkey PRIMARY KEY (school_id, final_mark_id, version)
);
COMMENT ON TABLE final_mark_history IS 'A5: every version of every final, append-only: the server''s role may only read.';
COMMENT ON COLUMN final_mark_history.version IS 'The version the change led to.';
COMMENT ON COLUMN final_mark_history.old_kind IS 'value_kind of the final.';
COMMENT ON COLUMN final_mark_history.client_id IS 'As in mark_history.';
ALTER TABLE final_mark_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON final_mark_history TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON final_mark_history TO lyceum_app;

CREATE TABLE final_marks (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    kind text NOT NULL,
    term_id uuid,
    section_id uuid,
    value_kind text,
    number smallint,
    code text,
    due_on date,
    exam_points smallint,
    source text DEFAULT 'own'::text NOT NULL,
    average_at_the_time numeric(6,4),
    reason text,
    comment text,
    published_at timestamp with time zone DEFAULT now(),
    first_recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    recorded_by uuid DEFAULT lyceum.current_user_id(),
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    order_id uuid,
    CONSTRAINT final_marks_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT final_marks_key UNIQUE NULLS NOT DISTINCT (school_id, student_id, subject_id, academic_year_id, kind, term_id),
    CONSTRAINT final_marks_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT final_marks_school_id_order_id_fkey FOREIGN KEY (school_id, order_id) REFERENCES orders(school_id, id),
    CONSTRAINT final_marks_school_id_section_id_fkey FOREIGN KEY (school_id, section_id) REFERENCES sections(school_id, id),
    CONSTRAINT final_marks_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT final_marks_school_id_subject_id_fkey FOREIGN KEY (school_id, subject_id) REFERENCES subjects(school_id, id),
    CONSTRAINT final_marks_school_id_term_id_fkey FOREIGN KEY (school_id, term_id) REFERENCES terms(school_id, id),
    CONSTRAINT final_marks_due_on CHECK ((due_on IS NOT NULL) = (code IS NOT NULL AND code = 'owed'::text)),
    CONSTRAINT final_marks_exam_points CHECK (exam_points IS NULL OR exam_points >= 0 AND exam_points <= 100 AND (kind = ANY (ARRAY['exam'::text, 'final'::text]))),
    CONSTRAINT final_marks_kind CHECK (kind = ANY (ARRAY['term'::text, 'year'::text, 'exam'::text, 'final'::text])),
    CONSTRAINT final_marks_source CHECK (source = ANY (ARRAY['own'::text, 'transferred'::text])),
    CONSTRAINT final_marks_term CHECK ((term_id IS NOT NULL) = (kind = 'term'::text)),
    CONSTRAINT final_marks_value CHECK (
CASE
    WHEN value_kind IS NULL THEN number IS NULL AND code IS NULL
    WHEN value_kind = 'number'::text THEN number IS NOT NULL AND number >= 1 AND number <= 5 AND code IS NULL
    WHEN value_kind = 'code'::text THEN number IS NULL AND code IS NOT NULL AND (code = ANY (ARRAY['pass'::text, 'fail'::text, 'exempt'::text, 'owed'::text, 'not_assessed'::text]))
    ELSE false
END)
);
COMMENT ON TABLE final_marks IS 'M10: finals of a pupil in a subject: of a term, the year, an exam, the final one. They follow the pupil, not the section. A cleared final keeps its row with a null value.';
COMMENT ON COLUMN final_marks.kind IS 'What it is a final of. The value''s own kind is value_kind.';
COMMENT ON COLUMN final_marks.section_id IS 'Section it was given in; null for marks from another school.';
COMMENT ON COLUMN final_marks.value_kind IS 'number or code; null: cleared.';
COMMENT ON COLUMN final_marks.exam_points IS 'Points of a state exam, 0 to 100; never a mark (M11).';
COMMENT ON COLUMN final_marks.source IS 'transferred: given in another school.';
COMMENT ON COLUMN final_marks.average_at_the_time IS 'M6: the weighted average at the moment the teacher gave the final.';
COMMENT ON COLUMN final_marks.reason IS 'M7: why in spite of the minimum.';
COMMENT ON COLUMN final_marks.order_id IS 'M7: the order of an exemption. M13: the protocol under which a debt was settled.';
CREATE INDEX final_marks_by_order ON public.final_marks USING btree (school_id, order_id) WHERE (order_id IS NOT NULL);
CREATE INDEX final_marks_by_section ON public.final_marks USING btree (school_id, section_id, term_id);
CREATE INDEX final_marks_by_term ON public.final_marks USING btree (school_id, academic_year_id, kind, term_id);
CREATE INDEX final_marks_owed ON public.final_marks USING btree (school_id, due_on) WHERE (code = 'owed'::text);
CREATE STATISTICS public.final_marks_school (dependencies) ON school_id, student_id FROM final_marks;
ALTER TABLE final_marks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON final_marks TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON final_marks TO lyceum_app;
CREATE TRIGGER debt AFTER INSERT ON final_marks FOR EACH ROW WHEN (new.value_kind IS NOT NULL AND (new.kind = ANY (ARRAY['year'::text, 'term'::text]))) EXECUTE FUNCTION lyceum.follow_final_mark();
CREATE TRIGGER debt_again AFTER UPDATE ON final_marks FOR EACH ROW WHEN ((new.kind = ANY (ARRAY['year'::text, 'term'::text])) AND (new.number IS DISTINCT FROM old.number OR new.code IS DISTINCT FROM old.code OR new.published_at IS DISTINCT FROM old.published_at)) EXECUTE FUNCTION lyceum.follow_final_mark();
CREATE TRIGGER history AFTER INSERT ON final_marks FOR EACH ROW EXECUTE FUNCTION lyceum.record_final_mark_history();
CREATE TRIGGER history_again AFTER UPDATE ON final_marks FOR EACH ROW WHEN (new.version <> old.version) EXECUTE FUNCTION lyceum.record_final_mark_history();
CREATE TRIGGER hold BEFORE UPDATE ON final_marks FOR EACH ROW EXECUTE FUNCTION lyceum.hold_student();
CREATE TRIGGER log_changed AFTER UPDATE ON final_marks REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_final_marks();
CREATE TRIGGER log_deleted AFTER DELETE ON final_marks REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_final_marks();
CREATE TRIGGER log_made AFTER INSERT ON final_marks REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_final_marks();
CREATE TRIGGER log_publication AFTER INSERT OR UPDATE ON final_marks FOR EACH ROW WHEN (new.published_at > clock_timestamp()) EXECUTE FUNCTION lyceum.publish_later();
CREATE TRIGGER record BEFORE INSERT ON final_marks FOR EACH ROW EXECUTE FUNCTION lyceum.record_final_mark();
CREATE TRIGGER record_again BEFORE UPDATE ON final_marks FOR EACH ROW WHEN (new.student_id IS DISTINCT FROM old.student_id OR new.subject_id IS DISTINCT FROM old.subject_id OR new.academic_year_id IS DISTINCT FROM old.academic_year_id OR new.kind IS DISTINCT FROM old.kind OR new.term_id IS DISTINCT FROM old.term_id OR new.section_id IS DISTINCT FROM old.section_id OR new.source IS DISTINCT FROM old.source OR new.value_kind IS DISTINCT FROM old.value_kind OR new.number IS DISTINCT FROM old.number OR new.code IS DISTINCT FROM old.code OR new.due_on IS DISTINCT FROM old.due_on OR new.exam_points IS DISTINCT FROM old.exam_points OR new.reason IS DISTINCT FROM old.reason OR new.comment IS DISTINCT FROM old.comment OR new.order_id IS DISTINCT FROM old.order_id OR new.average_at_the_time IS DISTINCT FROM old.average_at_the_time OR new.first_recorded_at IS DISTINCT FROM old.first_recorded_at OR new.recorded_by IS DISTINCT FROM old.recorded_by) EXECUTE FUNCTION lyceum.record_final_mark();
CREATE TRIGGER version BEFORE UPDATE ON final_marks FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE group_members (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    group_id uuid NOT NULL,
    student_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT group_members_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT group_members_no_overlap EXCLUDE USING gist (school_id WITH =, COALESCE(group_id, group_id) WITH =, COALESCE(student_id, student_id) WITH =, daterange(starts_on, ends_on, '[]'::text) WITH &&),
    CONSTRAINT group_members_school_id_group_id_fkey FOREIGN KEY (school_id, group_id) REFERENCES groups(school_id, id),
    CONSTRAINT group_members_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT group_members_dates CHECK (ends_on >= starts_on)
);
COMMENT ON TABLE group_members IS 'Pupils of a group, dated. Rows of a class''s own group follow enrollments and have the id of the enrollment.';
COMMENT ON COLUMN group_members.ends_on IS 'Last day, inclusive; null while it lasts.';
CREATE INDEX group_members_by_group ON public.group_members USING btree (school_id, group_id, student_id, starts_on, ends_on);
CREATE INDEX group_members_by_student ON public.group_members USING btree (school_id, student_id, group_id, starts_on, ends_on);
CREATE STATISTICS public.group_members_school (dependencies) ON school_id, student_id FROM group_members;
ALTER TABLE group_members ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON group_members TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON group_members TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON group_members FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER guard BEFORE INSERT OR DELETE OR UPDATE ON group_members FOR EACH ROW EXECUTE FUNCTION lyceum.guard_member();
CREATE CONSTRAINT TRIGGER in_class AFTER INSERT ON group_members DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lyceum.keep_in_class();
CREATE CONSTRAINT TRIGGER in_class_again AFTER UPDATE ON group_members DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NOT lyceum.covers(old.starts_on, old.ends_on, new.starts_on, new.ends_on)) EXECUTE FUNCTION lyceum.keep_in_class();
CREATE TRIGGER log_changed AFTER UPDATE ON group_members REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_group_members();
CREATE TRIGGER log_deleted AFTER DELETE ON group_members REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_group_members();
CREATE TRIGGER log_made AFTER INSERT ON group_members REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_group_members();
CREATE CONSTRAINT TRIGGER place AFTER INSERT ON group_members DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION lyceum.place_member();
CREATE CONSTRAINT TRIGGER place_again AFTER UPDATE ON group_members DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW WHEN (NOT lyceum.covers(old.starts_on, old.ends_on, new.starts_on, new.ends_on)) EXECUTE FUNCTION lyceum.place_member();
CREATE CONSTRAINT TRIGGER recorded AFTER DELETE ON group_members DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lyceum.keep_recorded_days();
CREATE CONSTRAINT TRIGGER recorded_again AFTER UPDATE ON group_members DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (NOT lyceum.covers(new.starts_on, new.ends_on, old.starts_on, old.ends_on)) EXECUTE FUNCTION lyceum.keep_recorded_days();
CREATE TRIGGER version BEFORE UPDATE ON group_members FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE groups (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    kind text NOT NULL,
    name text NOT NULL,
    grade_level smallint,
    class_id uuid,
    archived_at timestamp with time zone,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT groups_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT groups_year_key UNIQUE (school_id, id, academic_year_id),
    CONSTRAINT groups_class_fkey FOREIGN KEY (school_id, class_id) REFERENCES classes(school_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT groups_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT groups_class CHECK ((class_id IS NOT NULL) = (kind = ANY (ARRAY['class'::text, 'part'::text]))),
    CONSTRAINT groups_grade_level CHECK (grade_level >= 1 AND grade_level <= 11),
    CONSTRAINT groups_kind CHECK (kind = ANY (ARRAY['class'::text, 'part'::text, 'cross'::text, 'individual'::text])),
    CONSTRAINT groups_name CHECK (name <> ''::text)
);
COMMENT ON TABLE groups IS 'Who studies together: a class, a part of one, pupils across classes, one pupil.';
COMMENT ON COLUMN groups.grade_level IS 'Null: pupils of several grade levels. Decides which holidays and terms hold for its lessons.';
COMMENT ON COLUMN groups.class_id IS 'The class whose own group (kind class) or part (kind part) this is.';
CREATE INDEX groups_by_class ON public.groups USING btree (school_id, class_id);
CREATE INDEX groups_by_year ON public.groups USING btree (school_id, academic_year_id);
CREATE UNIQUE INDEX groups_external_id ON public.groups USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE groups ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON groups TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON groups TO lyceum_app;
CREATE TRIGGER fixed BEFORE UPDATE ON groups FOR EACH ROW WHEN ((new.kind IS DISTINCT FROM old.kind OR new.class_id IS DISTINCT FROM old.class_id) AND old.kind <> 'class'::text AND new.kind <> 'class'::text) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER guard BEFORE UPDATE ON groups FOR EACH ROW WHEN ((new.kind IS DISTINCT FROM old.kind OR new.class_id IS DISTINCT FROM old.class_id OR new.grade_level IS DISTINCT FROM old.grade_level) AND (old.kind = 'class'::text OR new.kind = 'class'::text)) EXECUTE FUNCTION lyceum.guard_class_group();
CREATE TRIGGER log_changed AFTER UPDATE ON groups REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_groups();
CREATE TRIGGER log_deleted AFTER DELETE ON groups REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_groups();
CREATE TRIGGER log_made AFTER INSERT ON groups REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_groups();
CREATE TRIGGER version BEFORE UPDATE ON groups FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE guardians (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    email text,
    phone text,
    address text,
    workplace text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    other_phones text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT guardians_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT guardians_school_id_id_fkey FOREIGN KEY (school_id, id) REFERENCES users(school_id, id),
    CONSTRAINT guardians_other_phones CHECK (lyceum.are_texts(other_phones, 5, 50))
);
COMMENT ON TABLE guardians IS 'Parents and other legal representatives. Their contacts are never shown to another guardian of the child (A3).';
COMMENT ON COLUMN guardians.other_phones IS 'Beside the first one: at work, at home.';
ALTER TABLE guardians ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON guardians TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON guardians TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON guardians FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON guardians REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_guardians();
CREATE TRIGGER log_deleted AFTER DELETE ON guardians REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_guardians();
CREATE TRIGGER log_made AFTER INSERT ON guardians REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_guardians();
CREATE TRIGGER version BEFORE UPDATE ON guardians FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE guardianships (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    guardian_id uuid NOT NULL,
    student_id uuid NOT NULL,
    relation text NOT NULL,
    access text DEFAULT 'full'::text NOT NULL,
    basis text,
    starts_on date NOT NULL,
    ends_on date,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT guardianships_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT guardianships_no_overlap EXCLUDE USING gist (school_id WITH =, COALESCE(guardian_id, guardian_id) WITH =, COALESCE(student_id, student_id) WITH =, daterange(starts_on, ends_on, '[]'::text) WITH &&),
    CONSTRAINT guardianships_school_id_guardian_id_fkey FOREIGN KEY (school_id, guardian_id) REFERENCES guardians(school_id, id),
    CONSTRAINT guardianships_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT guardianships_access CHECK (access = ANY (ARRAY['full'::text, 'none'::text])),
    CONSTRAINT guardianships_dates CHECK (ends_on >= starts_on),
    CONSTRAINT guardianships_relation CHECK (relation = ANY (ARRAY['mother'::text, 'father'::text, 'legal_guardian'::text, 'organisation'::text])),
    CONSTRAINT guardianships_self CHECK (guardian_id <> student_id)
);
COMMENT ON TABLE guardianships IS 'A3: who represents a pupil, from when to when, and whether the diary is open to them.';
COMMENT ON COLUMN guardianships.access IS 'none: rights are limited by a court; closes reading at once.';
COMMENT ON COLUMN guardianships.basis IS 'Document the guardianship or its limit rests on.';
COMMENT ON COLUMN guardianships.ends_on IS 'Last day, inclusive; null while it lasts.';
CREATE INDEX guardianships_by_guardian ON public.guardianships USING btree (school_id, guardian_id, student_id);
CREATE INDEX guardianships_by_student ON public.guardianships USING btree (school_id, student_id);
ALTER TABLE guardianships ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON guardianships TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON guardianships TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON guardianships FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON guardianships REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_guardianships();
CREATE TRIGGER log_deleted AFTER DELETE ON guardianships REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_guardianships();
CREATE TRIGGER log_made AFTER INSERT ON guardianships REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_guardianships();
CREATE TRIGGER rules BEFORE INSERT OR DELETE OR UPDATE ON guardianships FOR EACH ROW EXECUTE FUNCTION lyceum.check_guardianship();
CREATE TRIGGER version BEFORE UPDATE ON guardianships FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE holidays (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    name text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    grade_levels smallint[],
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT holidays_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT holidays_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT holidays_dates CHECK (ends_on >= starts_on),
    CONSTRAINT holidays_grade_levels CHECK (grade_levels <@ '{1,2,3,4,5,6,7,8,9,10,11}'::smallint[] AND cardinality(grade_levels) > 0)
);
COMMENT ON TABLE holidays IS 'Days without lessons (L1).';
COMMENT ON COLUMN holidays.ends_on IS 'Last day, inclusive.';
COMMENT ON COLUMN holidays.grade_levels IS 'Grade levels that rest (grade 1 has a week of its own in winter); null: all.';
CREATE INDEX holidays_by_date ON public.holidays USING btree (school_id, starts_on, ends_on);
CREATE UNIQUE INDEX holidays_external_id ON public.holidays USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE holidays ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON holidays TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON holidays TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON holidays REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_holidays();
CREATE TRIGGER log_deleted AFTER DELETE ON holidays REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_holidays();
CREATE TRIGGER log_made AFTER INSERT ON holidays REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_holidays();
CREATE CONSTRAINT TRIGGER place AFTER INSERT OR UPDATE ON holidays DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION lyceum.place_holiday();
CREATE TRIGGER version BEFORE UPDATE ON holidays FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE homework (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    lesson_id uuid NOT NULL,
    section_id uuid NOT NULL,
    text text NOT NULL,
    due_on date NOT NULL,
    for_all boolean DEFAULT true NOT NULL,
    asks_submission boolean DEFAULT false NOT NULL,
    first_recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    recorded_by uuid DEFAULT lyceum.current_user_id(),
    deleted_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT homework_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT homework_school_id_lesson_id_section_id_fkey FOREIGN KEY (school_id, lesson_id, section_id) REFERENCES lessons(school_id, id, section_id)
);
COMMENT ON TABLE homework IS 'Homework given at a lesson (H1). One live row for all per lesson, any number for some pupils.';
COMMENT ON COLUMN homework.lesson_id IS 'The lesson at which it was given.';
COMMENT ON COLUMN homework.due_on IS 'Not before the lesson; the next lesson of the section when nothing else is said (the server fills it in).';
COMMENT ON COLUMN homework.for_all IS 'False: for the pupils in homework_students.';
COMMENT ON COLUMN homework.asks_submission IS 'H2';
COMMENT ON COLUMN homework.deleted_at IS 'Tombstone.';
CREATE INDEX homework_by_lesson ON public.homework USING btree (school_id, lesson_id);
CREATE INDEX homework_by_section ON public.homework USING btree (school_id, section_id, due_on);
CREATE UNIQUE INDEX homework_one_for_all ON public.homework USING btree (school_id, lesson_id) WHERE (for_all AND (deleted_at IS NULL));
ALTER TABLE homework ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON homework TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON homework TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON homework REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_homework();
CREATE TRIGGER log_deleted AFTER DELETE ON homework REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_homework();
CREATE TRIGGER log_made AFTER INSERT ON homework REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_homework();
CREATE TRIGGER record BEFORE INSERT ON homework FOR EACH ROW EXECUTE FUNCTION lyceum.record_homework();
CREATE TRIGGER record_again BEFORE UPDATE ON homework FOR EACH ROW WHEN (new.* IS DISTINCT FROM old.*) EXECUTE FUNCTION lyceum.record_homework();
CREATE TRIGGER stamp AFTER INSERT ON homework FOR EACH ROW EXECUTE FUNCTION lyceum.stamp_homework();
CREATE TRIGGER version BEFORE UPDATE ON homework FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE homework_completions (
    school_id integer NOT NULL,
    homework_id uuid NOT NULL,
    student_id uuid NOT NULL,
    done_at timestamp with time zone DEFAULT now() NOT NULL,
    done_by uuid DEFAULT lyceum.current_user_id(),
    CONSTRAINT homework_completions_pkey PRIMARY KEY (school_id, homework_id, student_id),
    CONSTRAINT homework_completions_school_id_homework_id_fkey FOREIGN KEY (school_id, homework_id) REFERENCES homework(school_id, id),
    CONSTRAINT homework_completions_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id)
);
COMMENT ON TABLE homework_completions IS 'H2: a family marked the homework as done.';
CREATE INDEX homework_completions_by_student ON public.homework_completions USING btree (school_id, student_id, homework_id);
ALTER TABLE homework_completions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON homework_completions TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON homework_completions TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON homework_completions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_homework_completions();
CREATE TRIGGER log_deleted AFTER DELETE ON homework_completions REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_homework_completions();
CREATE TRIGGER log_made AFTER INSERT ON homework_completions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_homework_completions();
CREATE TRIGGER rules BEFORE INSERT OR DELETE ON homework_completions FOR EACH ROW EXECUTE FUNCTION lyceum.check_completion();

CREATE TABLE homework_students (
    school_id integer NOT NULL,
    homework_id uuid NOT NULL,
    student_id uuid NOT NULL,
    CONSTRAINT homework_students_pkey PRIMARY KEY (school_id, homework_id, student_id),
    CONSTRAINT homework_students_school_id_homework_id_fkey FOREIGN KEY (school_id, homework_id) REFERENCES homework(school_id, id),
    CONSTRAINT homework_students_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id)
);
COMMENT ON TABLE homework_students IS 'Pupils a homework with for_all = false is for.';
CREATE INDEX homework_students_by_student ON public.homework_students USING btree (school_id, student_id, homework_id);
ALTER TABLE homework_students ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON homework_students TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON homework_students TO lyceum_app;
CREATE TRIGGER hold BEFORE INSERT OR DELETE OR UPDATE ON homework_students FOR EACH ROW EXECUTE FUNCTION lyceum.hold_homework();
CREATE TRIGGER log_changed AFTER UPDATE ON homework_students REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_homework_students();
CREATE TRIGGER log_deleted AFTER DELETE ON homework_students REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_homework_students();
CREATE TRIGGER log_made AFTER INSERT ON homework_students REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_homework_students();
CREATE TRIGGER notify AFTER INSERT ON homework_students REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION lyceum.notify_of_named_students();
CREATE TRIGGER notify_again AFTER DELETE ON homework_students REFERENCING OLD TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION lyceum.notify_of_named_students();
CREATE TRIGGER rules AFTER INSERT ON homework_students FOR EACH ROW EXECUTE FUNCTION lyceum.check_homework_student();
CREATE TRIGGER rules_again BEFORE DELETE ON homework_students FOR EACH ROW EXECUTE FUNCTION lyceum.check_removed_homework_student();

CREATE TABLE idempotency_keys (
    school_id integer NOT NULL,
    owner text NOT NULL,
    key text NOT NULL,
    request_hash bytea NOT NULL,
    status integer NOT NULL,
    headers jsonb DEFAULT '{}'::jsonb NOT NULL,
    body bytea,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (school_id, owner, key),
    CONSTRAINT idempotency_keys_key CHECK (length(key) >= 1 AND length(key) <= 255),
    CONSTRAINT idempotency_keys_status CHECK (status >= 100 AND status <= 599)
);
COMMENT ON TABLE idempotency_keys IS 'Answers kept for 24 hours for Idempotency-Key. Never of sign-in or credentials.';
COMMENT ON COLUMN idempotency_keys.owner IS 'The caller the key belongs to: a person or a program.';
CREATE INDEX idempotency_keys_by_age ON public.idempotency_keys USING btree (school_id, created_at);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON idempotency_keys TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON idempotency_keys TO lyceum_app;

CREATE TABLE journal_remarks (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    section_id uuid NOT NULL,
    text text NOT NULL,
    due_on date NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    answer text,
    author_id uuid DEFAULT lyceum.current_user_id() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    answered_by uuid,
    answered_at timestamp with time zone,
    closed_by uuid,
    closed_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT journal_remarks_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT journal_remarks_school_id_author_id_fkey FOREIGN KEY (school_id, author_id) REFERENCES users(school_id, id),
    CONSTRAINT journal_remarks_school_id_section_id_fkey FOREIGN KEY (school_id, section_id) REFERENCES sections(school_id, id),
    CONSTRAINT journal_remarks_answer CHECK (answer <> ''::text),
    CONSTRAINT journal_remarks_answered CHECK (state <> 'answered'::text OR answer IS NOT NULL),
    CONSTRAINT journal_remarks_answered_at CHECK ((answer IS NULL) = (answered_at IS NULL)),
    CONSTRAINT journal_remarks_closed_at CHECK ((state = 'closed'::text) = (closed_at IS NOT NULL)),
    CONSTRAINT journal_remarks_state CHECK (state = ANY (ARRAY['open'::text, 'answered'::text, 'closed'::text])),
    CONSTRAINT journal_remarks_text CHECK (text <> ''::text)
);
COMMENT ON TABLE journal_remarks IS 'What a deputy head asks to be mended in the journal of a section. The teacher answers, the deputy head closes it or asks again.';
COMMENT ON COLUMN journal_remarks.due_on IS 'By when it is to be mended.';
COMMENT ON COLUMN journal_remarks.answer IS 'The teacher''s latest answer. It stays when the deputy head asks again; the audit log has all of them.';
CREATE INDEX journal_remarks_by_due ON public.journal_remarks USING btree (school_id, due_on, id);
CREATE INDEX journal_remarks_by_section ON public.journal_remarks USING btree (school_id, section_id, due_on);
ALTER TABLE journal_remarks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON journal_remarks TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON journal_remarks TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON journal_remarks FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON journal_remarks FOR EACH ROW EXECUTE FUNCTION lyceum.guard_remark();
CREATE TRIGGER log_changed AFTER UPDATE ON journal_remarks REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_journal_remarks();
CREATE TRIGGER log_deleted AFTER DELETE ON journal_remarks REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_journal_remarks();
CREATE TRIGGER log_made AFTER INSERT ON journal_remarks REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_journal_remarks();
CREATE TRIGGER notify AFTER INSERT ON journal_remarks FOR EACH ROW EXECUTE FUNCTION lyceum.notify_of_remark();
CREATE TRIGGER notify_again AFTER UPDATE ON journal_remarks FOR EACH ROW WHEN (new.state = 'open'::text AND old.state <> 'open'::text) EXECUTE FUNCTION lyceum.notify_of_remark();
CREATE TRIGGER version BEFORE UPDATE ON journal_remarks FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE lessons (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    section_id uuid NOT NULL,
    date date NOT NULL,
    slot smallint NOT NULL,
    starts_at time without time zone NOT NULL,
    ends_at time without time zone NOT NULL,
    room_id uuid,
    teacher_id uuid,
    topic text,
    plan_topic_id uuid,
    state text DEFAULT 'planned'::text NOT NULL,
    attendance_taken_at timestamp with time zone,
    no_homework boolean DEFAULT false NOT NULL,
    topic_first_recorded_at timestamp with time zone,
    homework_first_recorded_at timestamp with time zone,
    timetable_entry_id uuid,
    merge_id uuid,
    exclusive_room boolean DEFAULT true NOT NULL,
    external_id text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    bell_schedule_id uuid,
    timetable_date date,
    generated_at timestamp with time zone,
    substitution_id uuid,
    CONSTRAINT lessons_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT lessons_section_key UNIQUE (school_id, id, section_id),
    CONSTRAINT lessons_room_no_overlap EXCLUDE USING gist (school_id WITH =, COALESCE(room_id, room_id) WITH =, tsrange(date + starts_at, date + ends_at) WITH &&, COALESCE(merge_id, id) WITH <>) WHERE (room_id IS NOT NULL AND exclusive_room AND state <> 'cancelled'::text) DEFERRABLE,
    CONSTRAINT lessons_section_no_overlap EXCLUDE USING gist (school_id WITH =, COALESCE(section_id, section_id) WITH =, tsrange(date + starts_at, date + ends_at) WITH &&) WHERE (state <> 'cancelled'::text) DEFERRABLE,
    CONSTRAINT lessons_teacher_no_overlap EXCLUDE USING gist (school_id WITH =, COALESCE(teacher_id, teacher_id) WITH =, tsrange(date + starts_at, date + ends_at) WITH &&, COALESCE(merge_id, id) WITH <>) WHERE (teacher_id IS NOT NULL AND state <> 'cancelled'::text) DEFERRABLE,
    CONSTRAINT lessons_school_id_bell_schedule_id_fkey FOREIGN KEY (school_id, bell_schedule_id) REFERENCES bell_schedules(school_id, id),
    CONSTRAINT lessons_school_id_plan_topic_id_fkey FOREIGN KEY (school_id, plan_topic_id) REFERENCES plan_topics(school_id, id),
    CONSTRAINT lessons_school_id_room_id_fkey FOREIGN KEY (school_id, room_id) REFERENCES rooms(school_id, id),
    CONSTRAINT lessons_school_id_section_id_fkey FOREIGN KEY (school_id, section_id) REFERENCES sections(school_id, id),
    CONSTRAINT lessons_school_id_teacher_id_fkey FOREIGN KEY (school_id, teacher_id) REFERENCES staff(school_id, id),
    CONSTRAINT lessons_substitution FOREIGN KEY (school_id, substitution_id) REFERENCES substitutions(school_id, id) DEFERRABLE INITIALLY DEFERRED,
    CONSTRAINT lessons_generated_at CHECK (generated_at IS NULL OR timetable_entry_id IS NOT NULL),
    CONSTRAINT lessons_slot CHECK (slot >= 0 AND slot <= 15),
    CONSTRAINT lessons_state CHECK (state = ANY (ARRAY['planned'::text, 'held'::text, 'cancelled'::text])),
    CONSTRAINT lessons_times CHECK (starts_at < ends_at),
    CONSTRAINT lessons_timetable_date CHECK ((timetable_date IS NULL) = (timetable_entry_id IS NULL)),
    CONSTRAINT lessons_topic CHECK (topic <> ''::text)
);
COMMENT ON TABLE lessons IS 'Lessons on their dates. L1: no overlap in time for a teacher, a room and a section (exclusion constraints) and for a pupil (a trigger); merged lessons are exempt among themselves. Lessons are cancelled, not deleted, once they hold records.';
COMMENT ON COLUMN lessons.slot IS 'Number of the lesson in its shift, as the bell schedule has it.';
COMMENT ON COLUMN lessons.starts_at IS 'Local time of the school.';
COMMENT ON COLUMN lessons.teacher_id IS 'Teacher of the day: a substitute stands here.';
COMMENT ON COLUMN lessons.plan_topic_id IS 'L3: the plan''s topic; the lesson keeps a text of its own.';
COMMENT ON COLUMN lessons.attendance_taken_at IS 'T4: set when the roll was called; only then no record means present.';
COMMENT ON COLUMN lessons.no_homework IS 'H1: the teacher said that there is none.';
COMMENT ON COLUMN lessons.topic_first_recorded_at IS 'L3: set by a trigger, never changed.';
COMMENT ON COLUMN lessons.homework_first_recorded_at IS 'L3: set by a trigger when homework is given or no_homework is said; does not count as a version.';
COMMENT ON COLUMN lessons.merge_id IS 'Equal in lessons that a substitution merged into one.';
COMMENT ON COLUMN lessons.exclusive_room IS 'Copy of «not rooms.shared», kept by triggers.';
COMMENT ON COLUMN lessons.bell_schedule_id IS 'The bell schedule that gave the times of the slot; null in lessons from before migration 0015. Bells that move later do not move the lesson.';
COMMENT ON COLUMN lessons.timetable_date IS 'L2: the day of the timetable that the lesson was made for; a lesson that is moved keeps it. Null without timetable_entry_id.';
COMMENT ON COLUMN lessons.generated_at IS 'L2: when the lesson got its place from the timetable. Null: the place was chosen by hand, and the generation leaves it.';
COMMENT ON COLUMN lessons.substitution_id IS 'L2: the substitution that the lesson has now, or that made it. Written by triggers only; while it is set, nothing else moves the lesson.';
CREATE INDEX lessons_by_date ON public.lessons USING btree (school_id, date);
CREATE INDEX lessons_by_plan_topic ON public.lessons USING btree (school_id, plan_topic_id) WHERE (plan_topic_id IS NOT NULL);
CREATE INDEX lessons_by_section ON public.lessons USING btree (school_id, section_id, date, starts_at, id);
CREATE INDEX lessons_by_substitution ON public.lessons USING btree (school_id, substitution_id) WHERE (substitution_id IS NOT NULL);
CREATE INDEX lessons_by_teacher ON public.lessons USING btree (school_id, teacher_id, date);
CREATE UNIQUE INDEX lessons_external_id ON public.lessons USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
CREATE UNIQUE INDEX lessons_timetable_entry_key ON public.lessons USING btree (school_id, timetable_date, timetable_entry_id) WHERE (timetable_entry_id IS NOT NULL);
CREATE STATISTICS public.lessons_school (dependencies) ON school_id, section_id FROM lessons;
ALTER TABLE lessons ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON lessons TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON lessons TO lyceum_app;
CREATE TRIGGER complete BEFORE INSERT ON lessons FOR EACH ROW WHEN (new.starts_at IS NULL) EXECUTE FUNCTION lyceum.complete_lesson();
CREATE TRIGGER complete_again BEFORE UPDATE ON lessons FOR EACH ROW WHEN ((new.bell_schedule_id IS DISTINCT FROM old.bell_schedule_id OR new.slot IS DISTINCT FROM old.slot) AND NOT (new.starts_at IS DISTINCT FROM old.starts_at OR new.ends_at IS DISTINCT FROM old.ends_at)) EXECUTE FUNCTION lyceum.complete_lesson();
CREATE TRIGGER enter BEFORE INSERT ON lessons FOR EACH ROW WHEN (new.state <> 'cancelled'::text) EXECUTE FUNCTION lyceum.enter_timetable();
CREATE TRIGGER enter_again BEFORE UPDATE ON lessons FOR EACH ROW WHEN (new.date IS DISTINCT FROM old.date OR new.starts_at IS DISTINCT FROM old.starts_at OR new.ends_at IS DISTINCT FROM old.ends_at OR new.merge_id IS DISTINCT FROM old.merge_id OR new.teacher_id IS DISTINCT FROM old.teacher_id OR new.room_id IS DISTINCT FROM old.room_id OR old.state = 'cancelled'::text AND new.state <> 'cancelled'::text) EXECUTE FUNCTION lyceum.enter_timetable();
CREATE CONSTRAINT TRIGGER fill_roll AFTER UPDATE ON lessons DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (old.attendance_taken_at IS NULL AND new.attendance_taken_at IS NOT NULL AND new.state <> 'cancelled'::text) EXECUTE FUNCTION lyceum.fill_roll();
CREATE TRIGGER generated BEFORE INSERT ON lessons FOR EACH ROW WHEN (new.timetable_entry_id IS NOT NULL OR new.timetable_date IS NOT NULL) EXECUTE FUNCTION lyceum.keep_timetable_date();
CREATE TRIGGER generated_again BEFORE UPDATE ON lessons FOR EACH ROW WHEN (NOT new.generated_at IS DISTINCT FROM old.generated_at AND (new.date IS DISTINCT FROM old.date OR new.slot IS DISTINCT FROM old.slot OR new.starts_at IS DISTINCT FROM old.starts_at OR new.ends_at IS DISTINCT FROM old.ends_at OR new.room_id IS DISTINCT FROM old.room_id OR new.teacher_id IS DISTINCT FROM old.teacher_id OR new.merge_id IS DISTINCT FROM old.merge_id OR (new.state = 'cancelled'::text) IS DISTINCT FROM (old.state = 'cancelled'::text))) EXECUTE FUNCTION lyceum.keep_timetable_date();
CREATE TRIGGER keep BEFORE UPDATE ON lessons FOR EACH ROW WHEN (new.date <> old.date OR new.state = 'cancelled'::text AND old.state <> 'cancelled'::text) EXECUTE FUNCTION lyceum.keep_recorded_lesson();
CREATE TRIGGER keep_deleted BEFORE DELETE ON lessons FOR EACH ROW EXECUTE FUNCTION lyceum.keep_recorded_lesson();
CREATE TRIGGER keep_homework BEFORE UPDATE ON lessons FOR EACH ROW WHEN (new.date > old.date) EXECUTE FUNCTION lyceum.keep_homework_due();
CREATE TRIGGER log_changed AFTER UPDATE ON lessons REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_lessons();
CREATE TRIGGER log_deleted AFTER DELETE ON lessons REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_lessons();
CREATE TRIGGER log_made AFTER INSERT ON lessons REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_lessons();
CREATE CONSTRAINT TRIGGER move_control_work AFTER UPDATE ON lessons DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW WHEN (new.state <> 'cancelled'::text AND (old.state = 'cancelled'::text OR new.date IS DISTINCT FROM old.date OR new.starts_at IS DISTINCT FROM old.starts_at)) EXECUTE FUNCTION lyceum.move_control_work();
CREATE TRIGGER notify AFTER UPDATE ON lessons FOR EACH ROW WHEN (new.generated_at IS NULL AND NOT new.substitution_id IS DISTINCT FROM old.substitution_id AND (old.state = 'cancelled'::text) <> (new.state = 'cancelled'::text) OR new.generated_at IS NULL AND NOT new.substitution_id IS DISTINCT FROM old.substitution_id AND new.state <> 'cancelled'::text AND (new.date <> old.date OR new.starts_at <> old.starts_at)) EXECUTE FUNCTION lyceum.notify_of_moved_lesson();
CREATE TRIGGER place AFTER INSERT ON lessons REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.place_lessons();
CREATE TRIGGER place_again AFTER UPDATE ON lessons REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.place_lessons();
CREATE TRIGGER record BEFORE INSERT OR UPDATE ON lessons FOR EACH ROW EXECUTE FUNCTION lyceum.record_lesson();
CREATE TRIGGER room BEFORE INSERT OR UPDATE OF room_id, exclusive_room ON lessons FOR EACH ROW EXECUTE FUNCTION lyceum.copy_room();
CREATE TRIGGER substituted BEFORE UPDATE ON lessons FOR EACH ROW WHEN (pg_trigger_depth() = 0 AND (new.substitution_id IS DISTINCT FROM old.substitution_id OR (old.substitution_id IS NOT NULL OR old.merge_id = old.id) AND (new.date IS DISTINCT FROM old.date OR new.slot IS DISTINCT FROM old.slot OR new.bell_schedule_id IS DISTINCT FROM old.bell_schedule_id OR new.starts_at IS DISTINCT FROM old.starts_at OR new.ends_at IS DISTINCT FROM old.ends_at OR new.room_id IS DISTINCT FROM old.room_id OR new.teacher_id IS DISTINCT FROM old.teacher_id OR new.merge_id IS DISTINCT FROM old.merge_id OR (new.state = 'cancelled'::text) IS DISTINCT FROM (old.state = 'cancelled'::text)))) EXECUTE FUNCTION lyceum.refuse_substituted();
CREATE TRIGGER substituted_new BEFORE INSERT ON lessons FOR EACH ROW WHEN (new.substitution_id IS NOT NULL AND pg_trigger_depth() = 0) EXECUTE FUNCTION lyceum.refuse_substituted();
CREATE TRIGGER topic BEFORE INSERT ON lessons FOR EACH ROW WHEN (new.plan_topic_id IS NOT NULL) EXECUTE FUNCTION lyceum.check_lesson_topic();
CREATE TRIGGER topic_again BEFORE UPDATE OF plan_topic_id ON lessons FOR EACH ROW WHEN (new.plan_topic_id IS NOT NULL AND new.plan_topic_id IS DISTINCT FROM old.plan_topic_id) EXECUTE FUNCTION lyceum.check_lesson_topic();
CREATE TRIGGER version BEFORE UPDATE OF school_id, id, section_id, date, slot, bell_schedule_id, starts_at, ends_at, room_id, teacher_id, topic, plan_topic_id, state, attendance_taken_at, no_homework, timetable_entry_id, merge_id, exclusive_room, external_id, version, changed_at, changed_xid ON lessons FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE line_items (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    lesson_id uuid NOT NULL,
    section_id uuid NOT NULL,
    category_id uuid,
    title text,
    weight numeric(5,2) DEFAULT 1 NOT NULL,
    is_default boolean DEFAULT false NOT NULL,
    planned boolean DEFAULT false NOT NULL,
    external_id text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    deleted_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    override_reason text,
    overridden_by uuid,
    CONSTRAINT line_items_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT line_items_school_id_category_id_fkey FOREIGN KEY (school_id, category_id) REFERENCES categories(school_id, id),
    CONSTRAINT line_items_school_id_lesson_id_section_id_fkey FOREIGN KEY (school_id, lesson_id, section_id) REFERENCES lessons(school_id, id, section_id),
    CONSTRAINT line_items_overridden_by CHECK (overridden_by IS NULL OR override_reason IS NOT NULL),
    CONSTRAINT line_items_override_reason CHECK (override_reason <> ''::text),
    CONSTRAINT line_items_title CHECK (title <> ''::text),
    CONSTRAINT line_items_weight CHECK (weight >= 0::numeric)
);
COMMENT ON TABLE line_items IS 'Columns of the journal: a lesson has as many as there are kinds of work. Never deleted, only marked so (M5).';
COMMENT ON COLUMN line_items.section_id IS 'The lesson''s section; the foreign key keeps it equal.';
COMMENT ON COLUMN line_items.weight IS 'M6: 0 does not count in the average.';
COMMENT ON COLUMN line_items.is_default IS 'The column that takes marks given for the lesson as such; at most one.';
COMMENT ON COLUMN line_items.planned IS 'M9: planned as a control work before the lesson.';
COMMENT ON COLUMN line_items.deleted_at IS 'Tombstone.';
COMMENT ON COLUMN line_items.override_reason IS 'M9: why a deputy head allowed a control work at this lesson although it breaks the rule.';
COMMENT ON COLUMN line_items.overridden_by IS 'Who allowed it; null for the command line.';
CREATE INDEX line_items_by_lesson ON public.line_items USING btree (school_id, lesson_id);
CREATE UNIQUE INDEX line_items_external_id ON public.line_items USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
CREATE UNIQUE INDEX line_items_one_default ON public.line_items USING btree (school_id, lesson_id) WHERE (is_default AND (deleted_at IS NULL));
ALTER TABLE line_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON line_items TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON line_items TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT ON line_items FOR EACH ROW WHEN (new.override_reason IS NOT NULL) EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER audit_again AFTER UPDATE ON line_items FOR EACH ROW WHEN (new.override_reason IS DISTINCT FROM old.override_reason) EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER check_column AFTER INSERT ON line_items FOR EACH ROW EXECUTE FUNCTION lyceum.check_line_item();
CREATE TRIGGER check_column_again AFTER UPDATE ON line_items FOR EACH ROW WHEN (new.category_id IS DISTINCT FROM old.category_id OR new.title IS DISTINCT FROM old.title OR new.weight IS DISTINCT FROM old.weight OR new.deleted_at IS DISTINCT FROM old.deleted_at) EXECUTE FUNCTION lyceum.check_line_item();
CREATE TRIGGER clear_marks AFTER UPDATE ON line_items FOR EACH ROW WHEN (new.deleted_at IS NOT NULL AND old.deleted_at IS NULL) EXECUTE FUNCTION lyceum.clear_line_item();
CREATE TRIGGER guard BEFORE INSERT OR UPDATE ON line_items FOR EACH ROW EXECUTE FUNCTION lyceum.record_line_item();
CREATE TRIGGER log_changed AFTER UPDATE ON line_items REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_line_items();
CREATE TRIGGER log_deleted AFTER DELETE ON line_items REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_line_items();
CREATE TRIGGER log_made AFTER INSERT ON line_items REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_line_items();
CREATE TRIGGER plan AFTER INSERT ON line_items FOR EACH ROW WHEN (new.category_id IS NOT NULL AND new.deleted_at IS NULL) EXECUTE FUNCTION lyceum.plan_control_work();
CREATE TRIGGER plan_again AFTER UPDATE ON line_items FOR EACH ROW WHEN (new.category_id IS DISTINCT FROM old.category_id AND new.deleted_at IS NULL) EXECUTE FUNCTION lyceum.plan_control_work();
CREATE TRIGGER version BEFORE UPDATE ON line_items FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE lyceum.change_days (
    school_id integer NOT NULL,
    day date NOT NULL,
    CONSTRAINT change_days_pkey PRIMARY KEY (school_id),
    CONSTRAINT change_days_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id)
);
COMMENT ON TABLE lyceum.change_days IS 'The last day for which lyceum.log_day has logged what begins and ends on it, for each school.';

CREATE TABLE lyceum.change_partitions (
    lower xid8 NOT NULL,
    upper xid8,
    made_at timestamp with time zone DEFAULT now() NOT NULL,
    filled_at timestamp with time zone,
    CONSTRAINT change_partitions_pkey PRIMARY KEY (lower)
);
COMMENT ON TABLE lyceum.change_partitions IS 'The partitions of the log of changes. Holds no data of a school.';
COMMENT ON COLUMN lyceum.change_partitions.lower IS 'The first transaction number. A cursor that needs rows from before the lowest one of all partitions has expired.';
COMMENT ON COLUMN lyceum.change_partitions.upper IS 'The first transaction number after the partition; null for the last partition.';
COMMENT ON COLUMN lyceum.change_partitions.filled_at IS 'When lyceum.tend_changes first found that all transaction numbers of the partition had been given out.';
GRANT SELECT ON lyceum.change_partitions TO lyceum_app;

CREATE TABLE lyceum.delivery_watch (
    channel text NOT NULL,
    seen pg_snapshot NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT delivery_watch_pkey PRIMARY KEY (channel)
);
COMMENT ON TABLE lyceum.delivery_watch IS 'Which notifications of all schools lyceum.wake_deliveries has seen: one row for each channel, without data of a school.';

CREATE TABLE mark_history (
    school_id integer NOT NULL,
    mark_id uuid NOT NULL,
    version integer NOT NULL,
    student_id uuid NOT NULL,
    line_item_id uuid NOT NULL,
    old_kind text,
    old_number smallint,
    old_code text,
    old_due_on date,
    old_comment text,
    new_kind text,
    new_number smallint,
    new_code text,
    new_due_on date,
    new_comment text,
    published_at timestamp with time zone,
    changed_by uuid,
    changed_at timestamp with time zone NOT NULL,
    reason text,
    request_id text,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    client_id uuid DEFAULT lyceum.current_client_id(),
    unlock_id uuid,
    CONSTRAINT mark_history_pkey PRIMARY KEY (school_id, mark_id, version)
);
COMMENT ON TABLE mark_history IS 'A5: every version of every mark, append-only: the server''s role may only read. No foreign keys: the record outlives everything.';
COMMENT ON COLUMN mark_history.version IS 'The version the change led to.';
COMMENT ON COLUMN mark_history.published_at IS 'As in the mark after the change: families see the history of published marks.';
COMMENT ON COLUMN mark_history.client_id IS 'Program that the person used, where it was not the school''s own.';
COMMENT ON COLUMN mark_history.unlock_id IS 'M4: the unlock without which the change would have been refused. No foreign key, as of all columns here.';
CREATE INDEX mark_history_by_person ON public.mark_history USING btree (school_id, changed_by, changed_at);
ALTER TABLE mark_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON mark_history TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON mark_history TO lyceum_app;

CREATE TABLE marks (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    line_item_id uuid NOT NULL,
    student_id uuid NOT NULL,
    kind text,
    number smallint,
    code text,
    due_on date,
    comment text,
    published_at timestamp with time zone DEFAULT now(),
    first_recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    recorded_by uuid DEFAULT lyceum.current_user_id(),
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT marks_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT marks_cell_key UNIQUE (school_id, line_item_id, student_id),
    CONSTRAINT marks_school_id_line_item_id_fkey FOREIGN KEY (school_id, line_item_id) REFERENCES line_items(school_id, id),
    CONSTRAINT marks_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT marks_due_on CHECK ((due_on IS NOT NULL) = (code IS NOT NULL AND code = 'owed'::text)),
    CONSTRAINT marks_value CHECK (
CASE
    WHEN kind IS NULL THEN number IS NULL AND code IS NULL
    WHEN kind = 'number'::text THEN number IS NOT NULL AND number >= 1 AND number <= 5 AND code IS NULL
    WHEN kind = 'code'::text THEN number IS NULL AND code IS NOT NULL AND (code = ANY (ARRAY['pass'::text, 'fail'::text, 'exempt'::text, 'owed'::text]))
    ELSE false
END)
);
COMMENT ON TABLE marks IS 'Current marks (M2). A cleared mark keeps its row with a null value and a new version (M5); rows are never deleted. Has no key to schools of its own: the composite keys carry it, and a shared lock on one row per school would be hot.';
COMMENT ON COLUMN marks.kind IS 'number or code; null: cleared.';
COMMENT ON COLUMN marks.due_on IS 'Day by which a debt (owed) is to be paid.';
COMMENT ON COLUMN marks.published_at IS 'M12: null holds the mark back; a moment in the future holds it until then.';
COMMENT ON COLUMN marks.recorded_by IS 'Who last wrote the value. No foreign key: the record outlives everything.';
CREATE INDEX marks_by_student ON public.marks USING btree (school_id, student_id);
CREATE INDEX marks_held_back ON public.marks USING btree (school_id, student_id, published_at) WHERE (published_at > changed_at);
CREATE INDEX marks_owed ON public.marks USING btree (school_id, student_id) WHERE (code = 'owed'::text);
CREATE STATISTICS public.marks_school (dependencies) ON school_id, student_id FROM marks;
ALTER TABLE marks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON marks TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON marks TO lyceum_app;
CREATE TRIGGER history AFTER INSERT ON marks REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION lyceum.record_mark_history();
CREATE TRIGGER history_again AFTER UPDATE ON marks REFERENCING OLD TABLE AS overwritten NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION lyceum.record_mark_history();
CREATE TRIGGER log_changed AFTER UPDATE ON marks REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_marks();
CREATE TRIGGER log_deleted AFTER DELETE ON marks REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_marks();
CREATE TRIGGER log_made AFTER INSERT ON marks REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_marks();
CREATE TRIGGER log_publication AFTER INSERT OR UPDATE ON marks FOR EACH ROW WHEN (new.published_at > clock_timestamp()) EXECUTE FUNCTION lyceum.publish_later();
CREATE TRIGGER record BEFORE INSERT ON marks FOR EACH ROW EXECUTE FUNCTION lyceum.record_mark();
CREATE TRIGGER record_again BEFORE UPDATE ON marks FOR EACH ROW WHEN (new.line_item_id IS DISTINCT FROM old.line_item_id OR new.student_id IS DISTINCT FROM old.student_id OR new.kind IS DISTINCT FROM old.kind OR new.number IS DISTINCT FROM old.number OR new.code IS DISTINCT FROM old.code OR new.due_on IS DISTINCT FROM old.due_on OR new.comment IS DISTINCT FROM old.comment OR new.first_recorded_at IS DISTINCT FROM old.first_recorded_at OR new.recorded_by IS DISTINCT FROM old.recorded_by) EXECUTE FUNCTION lyceum.record_mark();
CREATE TRIGGER rules AFTER INSERT ON marks REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION lyceum.check_written_marks();
CREATE TRIGGER rules_again AFTER UPDATE ON marks REFERENCING OLD TABLE AS overwritten NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION lyceum.check_rewritten_marks();
CREATE TRIGGER version BEFORE UPDATE ON marks FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE message_versions (
    school_id integer NOT NULL,
    message_id uuid NOT NULL,
    version integer NOT NULL,
    sequence integer NOT NULL,
    text text NOT NULL,
    replaced_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT message_versions_pkey PRIMARY KEY (school_id, message_id, version),
    CONSTRAINT message_versions_school_id_message_id_fkey FOREIGN KEY (school_id, message_id) REFERENCES messages(school_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE message_versions IS 'A5: what a message said before it was changed. Append-only; a trigger writes it. Read only by the head, of a reported thread.';
COMMENT ON COLUMN message_versions.sequence IS 'As messages.sequence, of this text.';
ALTER TABLE message_versions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON message_versions TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON message_versions TO lyceum_app;

CREATE TABLE messages (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    thread_id uuid NOT NULL,
    number integer NOT NULL,
    sequence integer NOT NULL,
    author_id uuid DEFAULT lyceum.current_user_id() NOT NULL,
    text text NOT NULL,
    written_at timestamp with time zone DEFAULT now() NOT NULL,
    edited_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    words tsvector GENERATED ALWAYS AS (lyceum.words(text)) STORED NOT NULL,
    CONSTRAINT messages_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT messages_number_key UNIQUE (school_id, thread_id, number),
    CONSTRAINT messages_school_id_author_id_fkey FOREIGN KEY (school_id, author_id) REFERENCES users(school_id, id),
    CONSTRAINT messages_school_id_thread_id_fkey FOREIGN KEY (school_id, thread_id) REFERENCES threads(school_id, id) ON DELETE CASCADE,
    CONSTRAINT messages_text CHECK (length(text) >= 1 AND length(text) <= 10000)
);
COMMENT ON TABLE messages IS 'C1: a message of a thread. The author may change the text for 15 minutes (message_versions keeps the earlier ones); nothing deletes a message before its time (K1). Files of a message, when there are any, refer to (school_id, id).';
COMMENT ON COLUMN messages.number IS 'Its place in the thread, without gaps. A trigger sets it.';
COMMENT ON COLUMN messages.sequence IS 'The count of the thread (threads.last_sequence) when the present text was written. Who has read the thread until then has read this text.';
COMMENT ON COLUMN messages.words IS 'For the search in one''s own messages.';
CREATE INDEX messages_by_age ON public.messages USING btree (school_id, written_at);
CREATE INDEX messages_by_words ON public.messages USING gin (words);
ALTER TABLE messages ENABLE ROW LEVEL SECURITY;
CREATE POLICY retention ON messages AS RESTRICTIVE FOR DELETE TO lyceum_app USING ((written_at < (now() - '3 years'::interval)));
CREATE POLICY tenant ON messages TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON messages TO lyceum_app;
GRANT UPDATE (text) ON messages TO lyceum_app;
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON messages FOR EACH ROW EXECUTE FUNCTION lyceum.check_message();
CREATE TRIGGER tell AFTER INSERT ON messages FOR EACH ROW EXECUTE FUNCTION lyceum.tell_message();

CREATE TABLE notification_preferences (
    school_id integer NOT NULL,
    person_id uuid NOT NULL,
    choices jsonb DEFAULT '{}'::jsonb NOT NULL,
    school_quiet_hours boolean DEFAULT true NOT NULL,
    quiet_from time without time zone,
    quiet_to time without time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT notification_preferences_pkey PRIMARY KEY (school_id, person_id),
    CONSTRAINT notification_preferences_school_id_person_id_fkey FOREIGN KEY (school_id, person_id) REFERENCES users(school_id, id),
    CONSTRAINT notification_preferences_choices CHECK (jsonb_typeof(choices) = 'object'::text),
    CONSTRAINT notification_preferences_quiet_hours CHECK ((num_nonnulls(quiet_from, quiet_to) = ANY (ARRAY[0, 2])) AND COALESCE(quiet_from <> quiet_to, true))
);
COMMENT ON TABLE notification_preferences IS 'What a person wants to be sent outside the feed. A person without a row has the defaults (lyceum.notification_kinds).';
COMMENT ON COLUMN notification_preferences.choices IS 'Where the person differs from the defaults: {"mark": {"push": false, "mail": true}}.';
COMMENT ON COLUMN notification_preferences.school_quiet_hours IS 'Whether the quiet hours of the school apply, and not those of the row.';
COMMENT ON COLUMN notification_preferences.quiet_from IS 'Own quiet hours, in the time of the school; null: none.';
ALTER TABLE notification_preferences ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notification_preferences AS RESTRICTIVE TO lyceum_app USING ((person_id = lyceum.current_user_id())) WITH CHECK ((person_id = lyceum.current_user_id()));
CREATE POLICY tenant ON notification_preferences TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON notification_preferences TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON notification_preferences REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_notification_preferences();
CREATE TRIGGER log_deleted AFTER DELETE ON notification_preferences REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_notification_preferences();
CREATE TRIGGER log_made AFTER INSERT ON notification_preferences REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_notification_preferences();
CREATE TRIGGER version BEFORE UPDATE ON notification_preferences FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE notification_receipts (
    school_id integer NOT NULL,
    person_id uuid NOT NULL,
    notification_id uuid NOT NULL,
    read_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT notification_receipts_pkey PRIMARY KEY (school_id, person_id, notification_id),
    CONSTRAINT notification_receipts_school_id_notification_id_fkey FOREIGN KEY (school_id, notification_id) REFERENCES notifications(school_id, id) ON DELETE CASCADE,
    CONSTRAINT notification_receipts_school_id_person_id_fkey FOREIGN KEY (school_id, person_id) REFERENCES users(school_id, id)
);
COMMENT ON TABLE notification_receipts IS 'A person has read a notification. Each guardian and the student have receipts of their own (A3). They go with their notification.';
CREATE INDEX notification_receipts_by_notification ON public.notification_receipts USING btree (school_id, notification_id);
ALTER TABLE notification_receipts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON notification_receipts AS RESTRICTIVE FOR INSERT TO lyceum_app WITH CHECK ((person_id = lyceum.current_user_id()));
CREATE POLICY tenant ON notification_receipts TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON notification_receipts TO lyceum_app;
GRANT INSERT (school_id) ON notification_receipts TO lyceum_app;
GRANT INSERT (person_id) ON notification_receipts TO lyceum_app;
GRANT INSERT (notification_id) ON notification_receipts TO lyceum_app;
CREATE TRIGGER rules AFTER INSERT ON notification_receipts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.check_receipts();

CREATE TABLE notifications (
    school_id integer NOT NULL,
    id uuid DEFAULT gen_random_uuid() NOT NULL,
    person_id uuid,
    student_id uuid,
    kind text NOT NULL,
    entity text NOT NULL,
    entity_id uuid NOT NULL,
    once text,
    is_urgent boolean DEFAULT false NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_at timestamp with time zone,
    xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT notifications_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT notifications_audience CHECK (num_nonnulls(person_id, student_id) > 0)
);
COMMENT ON TABLE notifications IS 'C3: one row for each thing to tell, written in the transaction in which it happens. Whom a row reaches is decided when it is read, so that the end of a guardianship closes it at once (A3). There are no foreign keys: the trigger on the log of changes writes ids of rows that exist, and every key would make each mark slower; only functions of the database write rows, so a kind needs no check.';
COMMENT ON COLUMN notifications.person_id IS 'The only person who is told. Null: the student and all guardians with access are told.';
COMMENT ON COLUMN notifications.student_id IS 'The student whom this is about; null: no student.';
COMMENT ON COLUMN notifications.entity IS 'The table of the row that tells more, as in the log of changes.';
COMMENT ON COLUMN notifications.once IS 'There is at most one notification with the same kind, audience and value of this column.';
COMMENT ON COLUMN notifications.is_urgent IS 'Passes quiet hours.';
COMMENT ON COLUMN notifications.closed_at IS 'When the matter was settled, for example by a note about an absence.';
COMMENT ON COLUMN notifications.xid IS 'The transaction that wrote the row: streams and outboxes read what is new, as in the log of changes.';
CREATE INDEX notifications_by_age ON public.notifications USING btree (school_id, created_at);
CREATE INDEX notifications_by_xid ON public.notifications USING btree (xid);
CREATE INDEX notifications_of_families ON public.notifications USING btree (school_id, student_id, created_at, id) WHERE (person_id IS NULL);
CREATE INDEX notifications_of_persons ON public.notifications USING btree (school_id, person_id, created_at, id) WHERE (person_id IS NOT NULL);
CREATE INDEX notifications_of_talk ON public.notifications USING btree (school_id, entity_id) WHERE (kind = ANY (ARRAY['announcement'::text, 'consultation'::text]));
CREATE UNIQUE INDEX notifications_once ON public.notifications USING btree (school_id, kind, COALESCE(person_id, student_id), once) WHERE (once IS NOT NULL);
ALTER TABLE notifications ENABLE ROW LEVEL SECURITY;
CREATE POLICY retention ON notifications AS RESTRICTIVE FOR DELETE TO lyceum_app USING ((created_at < (now() - '90 days'::interval)));
CREATE POLICY tenant ON notifications TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, SELECT ON notifications TO lyceum_app;

CREATE TABLE orders (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    kind text NOT NULL,
    number text NOT NULL,
    issued_on date NOT NULL,
    text text NOT NULL,
    signatory text NOT NULL,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT orders_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT orders_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT orders_kind CHECK (kind = ANY (ARRAY['admission'::text, 'transfer'::text, 'expulsion'::text, 'promotion'::text, 'study_form'::text, 'council_protocol'::text, 'other'::text])),
    CONSTRAINT orders_number CHECK (number <> ''::text),
    CONSTRAINT orders_signatory CHECK (signatory <> ''::text),
    CONSTRAINT orders_text CHECK (text <> ''::text)
);
COMMENT ON TABLE orders IS 'Y2: orders of the school and protocols of its council.';
COMMENT ON COLUMN orders.kind IS 'admission, transfer and expulsion are of enrollments; study_form: full-time, at home or family.';
COMMENT ON COLUMN orders.number IS 'As it stands on the paper. Each kind is numbered anew each year.';
COMMENT ON COLUMN orders.signatory IS 'Who signed, with the post.';
CREATE INDEX orders_by_day ON public.orders USING btree (school_id, issued_on, id);
CREATE UNIQUE INDEX orders_external_id ON public.orders USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
CREATE UNIQUE INDEX orders_number_key ON public.orders USING btree (school_id, kind, EXTRACT(year FROM issued_on), number);
ALTER TABLE orders ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON orders TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON orders TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON orders REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_orders();
CREATE TRIGGER log_deleted AFTER DELETE ON orders REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_orders();
CREATE TRIGGER log_made AFTER INSERT ON orders REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_orders();
CREATE TRIGGER managers BEFORE INSERT OR DELETE OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION lyceum.require_manager();
CREATE TRIGGER version BEFORE UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE pending (
    school_id integer NOT NULL,
    kind text NOT NULL,
    id uuid DEFAULT '00000000-0000-0000-0000-000000000000'::uuid NOT NULL,
    due_at timestamp with time zone NOT NULL,
    lease uuid,
    attempts smallint DEFAULT 0 NOT NULL,
    failure text,
    parked_at timestamp with time zone,
    is_urgent boolean DEFAULT false NOT NULL,
    target integer,
    CONSTRAINT pending_pkey PRIMARY KEY (school_id, kind, id),
    CONSTRAINT pending_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT pending_attempts CHECK (attempts >= 0),
    CONSTRAINT pending_failure CHECK (failure ~ '^[A-Za-z0-9_]{1,40}$'::text),
    CONSTRAINT pending_kind CHECK (kind ~ '^[a-z][a-z_]{0,62}$'::text),
    CONSTRAINT pending_parked CHECK (parked_at IS NULL OR lease IS NULL)
);
COMMENT ON TABLE pending IS 'Work that runs behind the requests. Every process looks through all schools for what is due, so the table holds no data: kinds, ids, moments and codes.';
COMMENT ON COLUMN pending.kind IS 'Name of the work in the program. A process leaves the kinds that it does not know alone.';
COMMENT ON COLUMN pending.id IS 'What a single piece is about, or an id of its own: the same at every attempt. Zero for work that comes again and again, once a school.';
COMMENT ON COLUMN pending.due_at IS 'When the piece may be taken; of one that is taken, when its lease ends and others may take it.';
COMMENT ON COLUMN pending.lease IS 'Who has taken the piece: new at every attempt. Only its holder may end the piece.';
COMMENT ON COLUMN pending.attempts IS 'Times it was taken since it last went well.';
COMMENT ON COLUMN pending.failure IS 'Code of the last failure: a SQLSTATE or a word of the program.';
COMMENT ON COLUMN pending.parked_at IS 'When it was given up. It waits for an operator.';
COMMENT ON COLUMN pending.is_urgent IS 'Taken before all others that are due.';
COMMENT ON COLUMN pending.target IS 'The other server that the piece is for, as lyceum.target numbers it; null: none. A process has only a few pieces for one target at a time.';
CREATE INDEX pending_by_turn ON public.pending USING btree (kind, is_urgent, due_at) WHERE (parked_at IS NULL);
CREATE INDEX pending_due ON public.pending USING btree (due_at) WHERE (parked_at IS NULL);
CREATE INDEX pending_failed ON public.pending USING btree (kind) WHERE (failure IS NOT NULL);
ALTER TABLE pending ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON pending TO lyceum_app USING ((((NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer = '-1'::integer) OR ((NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer = school_id))) WITH CHECK ((((NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer = '-1'::integer) OR ((NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer = school_id)));
GRANT DELETE, SELECT ON pending TO lyceum_app;
GRANT INSERT (school_id) ON pending TO lyceum_app;
GRANT INSERT (kind) ON pending TO lyceum_app;
GRANT INSERT (id) ON pending TO lyceum_app;
GRANT INSERT (due_at) ON pending TO lyceum_app;
GRANT UPDATE (due_at) ON pending TO lyceum_app;
GRANT UPDATE (lease) ON pending TO lyceum_app;
GRANT UPDATE (attempts) ON pending TO lyceum_app;
GRANT UPDATE (failure) ON pending TO lyceum_app;
GRANT UPDATE (parked_at) ON pending TO lyceum_app;
GRANT INSERT (is_urgent) ON pending TO lyceum_app;
GRANT INSERT (target) ON pending TO lyceum_app;

CREATE TABLE plan_correction_items (
    school_id integer NOT NULL,
    correction_id uuid NOT NULL,
    "position" smallint NOT NULL,
    plan_id uuid NOT NULL,
    kind text NOT NULL,
    topic_id uuid NOT NULL,
    topic_title text NOT NULL,
    old_hours numeric(4,1) NOT NULL,
    hours numeric(4,1),
    into_id uuid,
    after_id uuid,
    CONSTRAINT plan_correction_items_pkey PRIMARY KEY (school_id, correction_id, "position"),
    CONSTRAINT plan_correction_items_topic_key UNIQUE (school_id, correction_id, topic_id),
    CONSTRAINT plan_correction_items_after_fkey FOREIGN KEY (school_id, after_id, plan_id) REFERENCES plan_topics(school_id, id, plan_id),
    CONSTRAINT plan_correction_items_into_fkey FOREIGN KEY (school_id, into_id, plan_id) REFERENCES plan_topics(school_id, id, plan_id),
    CONSTRAINT plan_correction_items_school_id_correction_id_fkey FOREIGN KEY (school_id, correction_id) REFERENCES plan_corrections(school_id, id) ON DELETE CASCADE,
    CONSTRAINT plan_correction_items_school_id_topic_id_plan_id_fkey FOREIGN KEY (school_id, topic_id, plan_id) REFERENCES plan_topics(school_id, id, plan_id),
    CONSTRAINT plan_correction_items_after CHECK (after_id IS NULL OR kind = 'move'::text AND after_id <> topic_id),
    CONSTRAINT plan_correction_items_hours CHECK ((hours IS NOT NULL) = (kind = 'hours'::text) AND hours > 0::numeric),
    CONSTRAINT plan_correction_items_into CHECK ((into_id IS NOT NULL) = (kind = 'merge'::text) AND into_id <> topic_id),
    CONSTRAINT plan_correction_items_kind CHECK (kind = ANY (ARRAY['drop'::text, 'merge'::text, 'hours'::text, 'move'::text]))
);
COMMENT ON TABLE plan_correction_items IS 'What a correction does with topics, in this order.';
COMMENT ON COLUMN plan_correction_items.topic_title IS 'The title at the time of the correction.';
COMMENT ON COLUMN plan_correction_items.old_hours IS 'The hours at the time of the correction.';
COMMENT ON COLUMN plan_correction_items.hours IS 'hours: the new hours.';
COMMENT ON COLUMN plan_correction_items.into_id IS 'merge: the topic that the other one becomes a part of.';
COMMENT ON COLUMN plan_correction_items.after_id IS 'move: the topic before the new place; null: the first place.';
ALTER TABLE plan_correction_items ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON plan_correction_items TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT ON plan_correction_items TO lyceum_app;
CREATE TRIGGER complete BEFORE INSERT ON plan_correction_items FOR EACH ROW EXECUTE FUNCTION lyceum.complete_correction_item();

CREATE TABLE plan_corrections (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    plan_id uuid NOT NULL,
    reason text NOT NULL,
    author_id uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    approved_by uuid,
    approved_at timestamp with time zone,
    hours_before numeric(6,1),
    hours_after numeric(6,1),
    lessons_left integer,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT plan_corrections_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT plan_corrections_school_id_approved_by_fkey FOREIGN KEY (school_id, approved_by) REFERENCES staff(school_id, id),
    CONSTRAINT plan_corrections_school_id_author_id_fkey FOREIGN KEY (school_id, author_id) REFERENCES staff(school_id, id),
    CONSTRAINT plan_corrections_school_id_plan_id_fkey FOREIGN KEY (school_id, plan_id) REFERENCES curriculum_plans(school_id, id),
    CONSTRAINT plan_corrections_reason CHECK (reason <> ''::text)
);
COMMENT ON TABLE plan_corrections IS 'P1: correction sheets (листы корректировки) of the approved plans of sections. An approved sheet has changed the plan and stays.';
COMMENT ON COLUMN plan_corrections.hours_before IS 'Hours that were not given yet, before the correction. Set when it is written and approved.';
COMMENT ON COLUMN plan_corrections.hours_after IS 'The same after the correction.';
COMMENT ON COLUMN plan_corrections.lessons_left IS 'Lessons that the section had left until the end of the year.';
CREATE INDEX plan_corrections_by_plan ON public.plan_corrections USING btree (school_id, plan_id);
ALTER TABLE plan_corrections ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON plan_corrections TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON plan_corrections TO lyceum_app;
CREATE TRIGGER apply AFTER UPDATE ON plan_corrections FOR EACH ROW WHEN (old.approved_at IS NULL AND new.approved_at IS NOT NULL) EXECUTE FUNCTION lyceum.apply_correction();
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON plan_corrections FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER guard BEFORE INSERT OR DELETE OR UPDATE ON plan_corrections FOR EACH ROW EXECUTE FUNCTION lyceum.guard_correction();
CREATE TRIGGER log_changed AFTER UPDATE ON plan_corrections REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_plan_corrections();
CREATE TRIGGER log_deleted AFTER DELETE ON plan_corrections REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_plan_corrections();
CREATE TRIGGER log_made AFTER INSERT ON plan_corrections REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_plan_corrections();
CREATE TRIGGER version BEFORE UPDATE ON plan_corrections FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE plan_topics (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    plan_id uuid NOT NULL,
    unit_id uuid,
    "position" smallint NOT NULL,
    title text NOT NULL,
    hours numeric(4,1) DEFAULT 1 NOT NULL,
    planned_week smallint,
    planned_on date,
    homework text,
    is_control boolean DEFAULT false NOT NULL,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    source_id uuid,
    correction_id uuid,
    merged_into_id uuid,
    CONSTRAINT plan_topics_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT plan_topics_plan_key UNIQUE (school_id, id, plan_id),
    CONSTRAINT plan_topics_position_key UNIQUE (school_id, plan_id, "position") DEFERRABLE,
    CONSTRAINT plan_topics_merged_into_fkey FOREIGN KEY (school_id, merged_into_id, plan_id) REFERENCES plan_topics(school_id, id, plan_id),
    CONSTRAINT plan_topics_school_id_correction_id_fkey FOREIGN KEY (school_id, correction_id) REFERENCES plan_corrections(school_id, id),
    CONSTRAINT plan_topics_school_id_plan_id_fkey FOREIGN KEY (school_id, plan_id) REFERENCES curriculum_plans(school_id, id) ON DELETE CASCADE,
    CONSTRAINT plan_topics_school_id_unit_id_plan_id_fkey FOREIGN KEY (school_id, unit_id, plan_id) REFERENCES plan_units(school_id, id, plan_id) ON DELETE CASCADE,
    CONSTRAINT plan_topics_hours CHECK (hours > 0::numeric),
    CONSTRAINT plan_topics_merged CHECK (merged_into_id IS NULL OR correction_id IS NOT NULL),
    CONSTRAINT plan_topics_planned_week CHECK (planned_week >= 1 AND planned_week <= 45),
    CONSTRAINT plan_topics_title CHECK (title <> ''::text)
);
COMMENT ON TABLE plan_topics IS 'Topics of a plan in their order.';
COMMENT ON COLUMN plan_topics."position" IS 'Order within the whole plan, across units.';
COMMENT ON COLUMN plan_topics.hours IS 'Lessons the topic takes (P2).';
COMMENT ON COLUMN plan_topics.planned_week IS 'Week of the academic year, from 1.';
COMMENT ON COLUMN plan_topics.planned_on IS 'Date in a section''s own copy.';
COMMENT ON COLUMN plan_topics.homework IS 'Pattern of the homework.';
COMMENT ON COLUMN plan_topics.is_control IS 'M9: a control work is planned here.';
COMMENT ON COLUMN plan_topics.source_id IS 'The topic of the common base that this one was copied from. Lessons that point to it count for this topic. No foreign key.';
COMMENT ON COLUMN plan_topics.correction_id IS 'The correction that has dropped the topic, or merged it into another one. Null: it is taught.';
COMMENT ON COLUMN plan_topics.merged_into_id IS 'The topic that this one was merged into.';
CREATE UNIQUE INDEX plan_topics_external_id ON public.plan_topics USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE plan_topics ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON plan_topics TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON plan_topics TO lyceum_app;
CREATE TRIGGER fixed BEFORE UPDATE ON plan_topics FOR EACH ROW WHEN (new.plan_id IS DISTINCT FROM old.plan_id OR new.source_id IS DISTINCT FROM old.source_id) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER keep_changed AFTER UPDATE ON plan_topics REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.keep_plan_content();
CREATE TRIGGER keep_deleted AFTER DELETE ON plan_topics REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.keep_plan_content();
CREATE TRIGGER keep_made AFTER INSERT ON plan_topics REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.keep_plan_content();
CREATE TRIGGER version BEFORE UPDATE ON plan_topics FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE plan_units (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    plan_id uuid NOT NULL,
    "position" smallint NOT NULL,
    title text NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT plan_units_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT plan_units_plan_key UNIQUE (school_id, id, plan_id),
    CONSTRAINT plan_units_position_key UNIQUE (school_id, plan_id, "position") DEFERRABLE,
    CONSTRAINT plan_units_school_id_plan_id_fkey FOREIGN KEY (school_id, plan_id) REFERENCES curriculum_plans(school_id, id) ON DELETE CASCADE,
    CONSTRAINT plan_units_title CHECK (title <> ''::text)
);
COMMENT ON TABLE plan_units IS 'Parts (разделы) of a plan.';
ALTER TABLE plan_units ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON plan_units TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON plan_units TO lyceum_app;
CREATE TRIGGER fixed BEFORE UPDATE ON plan_units FOR EACH ROW WHEN (new.plan_id <> old.plan_id) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER keep_changed AFTER UPDATE ON plan_units REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.keep_plan_content();
CREATE TRIGGER keep_deleted AFTER DELETE ON plan_units REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.keep_plan_content();
CREATE TRIGGER keep_made AFTER INSERT ON plan_units REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.keep_plan_content();
CREATE TRIGGER version BEFORE UPDATE ON plan_units FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE profile_proposals (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    about text NOT NULL,
    fields jsonb NOT NULL,
    comment text,
    proposed_by uuid DEFAULT lyceum.current_user_id() NOT NULL,
    proposed_at timestamp with time zone DEFAULT now() NOT NULL,
    state text DEFAULT 'open'::text NOT NULL,
    decided_by uuid,
    decided_at timestamp with time zone,
    answer text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT profile_proposals_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT profile_proposals_school_id_decided_by_fkey FOREIGN KEY (school_id, decided_by) REFERENCES users(school_id, id),
    CONSTRAINT profile_proposals_school_id_proposed_by_fkey FOREIGN KEY (school_id, proposed_by) REFERENCES guardians(school_id, id),
    CONSTRAINT profile_proposals_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT profile_proposals_about CHECK (about = ANY (ARRAY['student'::text, 'guardian'::text])),
    CONSTRAINT profile_proposals_answer CHECK (answer <> ''::text),
    CONSTRAINT profile_proposals_comment CHECK (comment <> ''::text),
    CONSTRAINT profile_proposals_decided CHECK ((state = ANY (ARRAY['accepted'::text, 'declined'::text])) = (decided_at IS NOT NULL)),
    CONSTRAINT profile_proposals_fields CHECK (jsonb_typeof(fields) = 'object'::text AND fields <> '{}'::jsonb),
    CONSTRAINT profile_proposals_state CHECK (state = ANY (ARRAY['open'::text, 'accepted'::text, 'declined'::text, 'withdrawn'::text]))
);
COMMENT ON TABLE profile_proposals IS 'Changes of a profile that a guardian proposes. Nothing of it is true before the class teacher accepts it. Only its author and those who maintain the student''s profile see it (A3).';
COMMENT ON COLUMN profile_proposals.student_id IS 'The child; its class teacher decides.';
COMMENT ON COLUMN profile_proposals.about IS 'Whose profile: the child''s, or that of the guardian who proposes.';
COMMENT ON COLUMN profile_proposals.fields IS 'The new values, by the names of the profile''s fields.';
CREATE INDEX profile_proposals_by_author ON public.profile_proposals USING btree (school_id, proposed_by);
CREATE UNIQUE INDEX profile_proposals_open ON public.profile_proposals USING btree (school_id, student_id, about, proposed_by) WHERE (state = 'open'::text);
ALTER TABLE profile_proposals ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON profile_proposals TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON profile_proposals TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON profile_proposals FOR EACH ROW EXECUTE FUNCTION lyceum.audit('fields', 'comment', 'answer');
CREATE TRIGGER log_changed AFTER UPDATE ON profile_proposals REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_profile_proposals();
CREATE TRIGGER log_deleted AFTER DELETE ON profile_proposals REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_profile_proposals();
CREATE TRIGGER log_made AFTER INSERT ON profile_proposals REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_profile_proposals();
CREATE TRIGGER rules BEFORE INSERT OR UPDATE ON profile_proposals FOR EACH ROW EXECUTE FUNCTION lyceum.check_proposal();
CREATE TRIGGER version BEFORE UPDATE ON profile_proposals FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE promotions (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    student_id uuid NOT NULL,
    decision text NOT NULL,
    debts text,
    protocol text,
    decided_on date NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    order_id uuid,
    settled_on date,
    CONSTRAINT promotions_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT promotions_student_key UNIQUE (school_id, academic_year_id, student_id),
    CONSTRAINT promotions_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT promotions_school_id_order_id_fkey FOREIGN KEY (school_id, order_id) REFERENCES orders(school_id, id),
    CONSTRAINT promotions_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT promotions_debts CHECK (decision = 'conditional'::text OR debts IS NULL),
    CONSTRAINT promotions_decision CHECK (decision = ANY (ARRAY['promoted'::text, 'conditional'::text, 'repeats'::text, 'graduated'::text, 'left'::text])),
    CONSTRAINT promotions_settled_on CHECK (settled_on IS NULL OR decision = 'conditional'::text)
);
COMMENT ON TABLE promotions IS 'Y1: what the council decided for a pupil at the end of a year.';
COMMENT ON COLUMN promotions.decision IS 'conditional: promoted with debts; left: to another school.';
COMMENT ON COLUMN promotions.debts IS 'Subjects of a conditional promotion and when they are due.';
COMMENT ON COLUMN promotions.protocol IS 'Number of the council''s protocol.';
COMMENT ON COLUMN promotions.order_id IS 'Y2: the council''s protocol.';
COMMENT ON COLUMN promotions.settled_on IS 'M13: when the last debt of a conditional promotion was settled. A trigger writes it.';
CREATE INDEX promotions_by_order ON public.promotions USING btree (school_id, order_id) WHERE (order_id IS NOT NULL);
CREATE INDEX promotions_by_student ON public.promotions USING btree (school_id, student_id);
ALTER TABLE promotions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON promotions TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON promotions TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON promotions FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER fixed BEFORE UPDATE ON promotions FOR EACH ROW WHEN (new.academic_year_id IS DISTINCT FROM old.academic_year_id OR new.student_id IS DISTINCT FROM old.student_id) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER log_changed AFTER UPDATE ON promotions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_promotions();
CREATE TRIGGER log_deleted AFTER DELETE ON promotions REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_promotions();
CREATE TRIGGER log_made AFTER INSERT ON promotions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_promotions();
CREATE TRIGGER settlement BEFORE INSERT OR UPDATE ON promotions FOR EACH ROW EXECUTE FUNCTION lyceum.find_settlement();
CREATE TRIGGER version BEFORE UPDATE ON promotions FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE pseudonym_keys (
    school_id integer NOT NULL,
    key bytea DEFAULT (uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())) NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT pseudonym_keys_pkey PRIMARY KEY (school_id),
    CONSTRAINT pseudonym_keys_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT pseudonym_keys_key CHECK (length(key) = 32)
);
COMMENT ON TABLE pseudonym_keys IS 'The key with which the ids of a school''s people become the pseudonyms of exports. lyceum.keep_pseudonym_key makes it. Whoever deletes it makes it impossible to tell which person a pseudonym stands for; the next export makes new pseudonyms.';
ALTER TABLE pseudonym_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON pseudonym_keys TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON pseudonym_keys TO lyceum_app;

CREATE TABLE push_subscriptions (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    session_id uuid NOT NULL,
    endpoint text NOT NULL,
    p256dh bytea NOT NULL,
    auth bytea NOT NULL,
    user_agent text,
    expires_at timestamp with time zone,
    failing_since timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT push_subscriptions_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT push_subscriptions_school_id_person_id_fkey FOREIGN KEY (school_id, person_id) REFERENCES users(school_id, id),
    CONSTRAINT push_subscriptions_school_id_session_id_fkey FOREIGN KEY (school_id, session_id) REFERENCES sessions(school_id, id) ON DELETE CASCADE,
    CONSTRAINT push_subscriptions_endpoint CHECK (endpoint ~ '^https?://[!-~]+$'::text AND length(endpoint) <= 1000),
    CONSTRAINT push_subscriptions_keys CHECK (length(p256dh) = 65 AND length(auth) = 16)
);
COMMENT ON TABLE push_subscriptions IS 'RFC 8030: where a push service takes messages for one browser or app. A row is deleted when its session ends, and when the push service says that the subscription has ended.';
COMMENT ON COLUMN push_subscriptions.session_id IS 'The session that made it. Nothing is sent after the end of the session.';
COMMENT ON COLUMN push_subscriptions.endpoint IS 'The address of the push resource. Who knows it can send to the device, so it is shown to nobody.';
COMMENT ON COLUMN push_subscriptions.p256dh IS 'RFC 8291: the public key of the device, an uncompressed point.';
COMMENT ON COLUMN push_subscriptions.auth IS 'RFC 8291: the authentication secret of the device.';
COMMENT ON COLUMN push_subscriptions.expires_at IS 'The expirationTime of the Push API, if the browser gave one.';
COMMENT ON COLUMN push_subscriptions.failing_since IS 'Since when the push service refuses messages for it; null: it took the last one. Only 404 and 410 end a subscription.';
CREATE UNIQUE INDEX push_subscriptions_by_endpoint ON public.push_subscriptions USING btree (school_id, endpoint);
CREATE INDEX push_subscriptions_by_person ON public.push_subscriptions USING btree (school_id, person_id, id);
CREATE INDEX push_subscriptions_by_session ON public.push_subscriptions USING btree (school_id, session_id);
ALTER TABLE push_subscriptions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON push_subscriptions TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON push_subscriptions TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON push_subscriptions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_push_subscriptions();
CREATE TRIGGER log_deleted AFTER DELETE ON push_subscriptions REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_push_subscriptions();
CREATE TRIGGER log_made AFTER INSERT ON push_subscriptions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_push_subscriptions();
CREATE TRIGGER rules BEFORE INSERT ON push_subscriptions FOR EACH ROW EXECUTE FUNCTION lyceum.limit_push_subscriptions();

CREATE TABLE recovery_codes (
    school_id integer NOT NULL,
    user_id uuid NOT NULL,
    code_hash bytea NOT NULL,
    used_at timestamp with time zone,
    CONSTRAINT recovery_codes_pkey PRIMARY KEY (school_id, user_id, code_hash),
    CONSTRAINT recovery_codes_school_id_user_id_fkey FOREIGN KEY (school_id, user_id) REFERENCES second_factors(school_id, user_id) ON DELETE CASCADE
);
COMMENT ON TABLE recovery_codes IS 'Each stands once for a code of the app. Stored hashed; new ones replace all.';
ALTER TABLE recovery_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON recovery_codes TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON recovery_codes TO lyceum_app;
CREATE TRIGGER audit AFTER UPDATE ON recovery_codes FOR EACH ROW WHEN (old.used_at IS NULL AND new.used_at IS NOT NULL) EXECUTE FUNCTION lyceum.audit_recovery_code();
CREATE TRIGGER audit_new AFTER INSERT ON recovery_codes REFERENCING NEW TABLE AS written FOR EACH STATEMENT EXECUTE FUNCTION lyceum.audit_recovery_codes();

CREATE TABLE report_jobs (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    person_id uuid NOT NULL,
    client_id uuid,
    session_id uuid,
    report text NOT NULL,
    format text NOT NULL,
    parameters jsonb NOT NULL,
    language text NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    progress smallint DEFAULT 0 NOT NULL,
    starts smallint DEFAULT 0 NOT NULL,
    problem jsonb,
    standing text,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    started_at timestamp with time zone,
    ended_at timestamp with time zone,
    expires_at timestamp with time zone DEFAULT (now() + '2 days'::interval) NOT NULL,
    CONSTRAINT report_jobs_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT report_jobs_client_fkey FOREIGN KEY (school_id, client_id) REFERENCES clients(school_id, id) ON DELETE CASCADE,
    CONSTRAINT report_jobs_person_fkey FOREIGN KEY (school_id, person_id) REFERENCES users(school_id, id) ON DELETE CASCADE,
    CONSTRAINT report_jobs_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT report_jobs_ended CHECK ((state = ANY (ARRAY['done'::text, 'failed'::text])) = (ended_at IS NOT NULL)),
    CONSTRAINT report_jobs_format CHECK (format = ANY (ARRAY['json'::text, 'csv'::text, 'xlsx'::text, 'html'::text, 'pdf'::text])),
    CONSTRAINT report_jobs_language CHECK (language = ANY (ARRAY['ru'::text, 'en'::text])),
    CONSTRAINT report_jobs_parameters CHECK (jsonb_typeof(parameters) = 'object'::text),
    CONSTRAINT report_jobs_problem CHECK ((state = 'failed'::text) = (problem IS NOT NULL)),
    CONSTRAINT report_jobs_progress CHECK (progress >= 0 AND progress <= 100),
    CONSTRAINT report_jobs_report CHECK (report ~ '^[a-z][a-z-]{0,62}$'::text),
    CONSTRAINT report_jobs_state CHECK (state = ANY (ARRAY['waiting'::text, 'running'::text, 'done'::text, 'failed'::text]))
);
COMMENT ON TABLE report_jobs IS 'Reports that a person has ordered and that the background makes (docs/decisions/0066). Only that person sees them, for a day after their end (K1).';
COMMENT ON COLUMN report_jobs.client_id IS 'The app of others that ordered it; null for the school''s own apps.';
COMMENT ON COLUMN report_jobs.session_id IS 'The session of that app: when it has ended, nothing is read any more.';
COMMENT ON COLUMN report_jobs.parameters IS 'As GET /v1/reports/{report} takes them, each a text.';
COMMENT ON COLUMN report_jobs.progress IS 'In percent: 10 is reading, 50 is making the form.';
COMMENT ON COLUMN report_jobs.starts IS 'How often a process has begun. A report that ends its process again and again is given up.';
COMMENT ON COLUMN report_jobs.problem IS 'RFC 9457: why there is no result.';
COMMENT ON COLUMN report_jobs.standing IS 'What the person had to do with the school when the report was read, see lyceum.standing.';
COMMENT ON COLUMN report_jobs.expires_at IS 'When the job and its result are deleted: a day after the end.';
CREATE INDEX report_jobs_by_age ON public.report_jobs USING btree (school_id, expires_at);
CREATE INDEX report_jobs_by_client ON public.report_jobs USING btree (school_id, client_id) WHERE (client_id IS NOT NULL);
CREATE INDEX report_jobs_by_person ON public.report_jobs USING btree (school_id, person_id, id);
ALTER TABLE report_jobs ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON report_jobs AS RESTRICTIVE TO lyceum_app USING (((person_id = lyceum.current_user_id()) OR ((lyceum.current_user_id() IS NULL) AND (lyceum.current_client_id() IS NULL))));
CREATE POLICY tenant ON report_jobs TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON report_jobs TO lyceum_app;
CREATE TRIGGER bound BEFORE INSERT ON report_jobs FOR EACH ROW EXECUTE FUNCTION lyceum.check_report_job();

CREATE TABLE report_results (
    school_id integer NOT NULL,
    job_id uuid NOT NULL,
    content bytea NOT NULL,
    profiles uuid[] DEFAULT '{}'::uuid[] NOT NULL,
    CONSTRAINT report_results_pkey PRIMARY KEY (school_id, job_id),
    CONSTRAINT report_results_job_fkey FOREIGN KEY (school_id, job_id) REFERENCES report_jobs(school_id, id) ON DELETE CASCADE
);
ALTER TABLE report_results ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE report_results IS 'What report jobs have made. Rows are deleted with their jobs.';
COMMENT ON COLUMN report_results.profiles IS 'K2: the students whose profiles it shows. A reading is recorded when the result is fetched.';
ALTER TABLE report_results ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON report_results AS RESTRICTIVE TO lyceum_app USING ((EXISTS ( SELECT
   FROM report_jobs j
  WHERE ((j.school_id = report_results.school_id) AND (j.id = report_results.job_id)))));
CREATE POLICY tenant ON report_results TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON report_results TO lyceum_app;

CREATE TABLE rooms (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    building text,
    capacity smallint,
    shared boolean DEFAULT false NOT NULL,
    archived_at timestamp with time zone,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT rooms_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT rooms_name_key UNIQUE NULLS NOT DISTINCT (school_id, building, name),
    CONSTRAINT rooms_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT rooms_capacity CHECK (capacity > 0),
    CONSTRAINT rooms_name CHECK (name <> ''::text)
);
COMMENT ON TABLE rooms IS 'Rooms where lessons are held.';
COMMENT ON COLUMN rooms.shared IS 'L1: several lessons may be held in it at once (a sports hall).';
CREATE UNIQUE INDEX rooms_external_id ON public.rooms USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE rooms ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON rooms TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON rooms TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON rooms REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_rooms();
CREATE TRIGGER log_deleted AFTER DELETE ON rooms REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_rooms();
CREATE TRIGGER log_made AFTER INSERT ON rooms REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_rooms();
CREATE TRIGGER spread AFTER UPDATE ON rooms FOR EACH ROW WHEN (new.shared <> old.shared) EXECUTE FUNCTION lyceum.spread_room();
CREATE CONSTRAINT TRIGGER timetable AFTER UPDATE ON rooms DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (old.shared AND NOT new.shared) EXECUTE FUNCTION lyceum.check_timetable();
CREATE TRIGGER version BEFORE UPDATE ON rooms FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE school_settings (
    school_id integer NOT NULL,
    edit_window_days smallint DEFAULT 14 NOT NULL,
    scale_min smallint DEFAULT 2 NOT NULL,
    scale_max smallint DEFAULT 5 NOT NULL,
    rounding_threshold numeric(3,2) DEFAULT 0.60 NOT NULL,
    min_marks_quarter smallint DEFAULT 3 NOT NULL,
    min_marks_semester smallint DEFAULT 5 NOT NULL,
    activation_days smallint DEFAULT 14 NOT NULL,
    homework_in_grade_1 boolean DEFAULT false NOT NULL,
    students_write_students boolean DEFAULT false NOT NULL,
    password_grant boolean DEFAULT true NOT NULL,
    consultation_days smallint DEFAULT 3 NOT NULL,
    lockout_per_login smallint DEFAULT 5 NOT NULL,
    lockout_per_address smallint DEFAULT 300 NOT NULL,
    six_day_grade_levels smallint[] DEFAULT '{}'::smallint[] NOT NULL,
    code_labels jsonb DEFAULT '{"fail": "незач", "owed": "точка", "pass": "зач", "exempt": "осв", "not_assessed": "н/а"}'::jsonb NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    second_factor_required boolean DEFAULT false NOT NULL,
    min_marks_quarter_2h smallint DEFAULT 5 NOT NULL,
    min_marks_quarter_3h smallint DEFAULT 7 NOT NULL,
    min_marks_semester_2h smallint DEFAULT 8 NOT NULL,
    min_marks_semester_3h smallint DEFAULT 11 NOT NULL,
    term_debts boolean DEFAULT false NOT NULL,
    conduct_scale text DEFAULT 'none'::text NOT NULL,
    quiet_from time without time zone DEFAULT '21:00:00'::time without time zone NOT NULL,
    quiet_to time without time zone DEFAULT '07:00:00'::time without time zone NOT NULL,
    week_digest_at time without time zone DEFAULT '18:00:00'::time without time zone,
    family_threads_per_day smallint DEFAULT 10 NOT NULL,
    questions_per_day smallint DEFAULT 20 NOT NULL,
    desk_questions_per_day smallint DEFAULT 200 NOT NULL,
    CONSTRAINT school_settings_pkey PRIMARY KEY (school_id),
    CONSTRAINT school_settings_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT school_settings_code_labels CHECK (jsonb_typeof(code_labels) = 'object'::text),
    CONSTRAINT school_settings_conduct_scale CHECK (conduct_scale = ANY (ARRAY['none'::text, 'pass'::text, 'three'::text, 'five'::text])),
    CONSTRAINT school_settings_days CHECK (activation_days >= 1 AND activation_days <= 90 AND consultation_days >= 1 AND consultation_days <= 30),
    CONSTRAINT school_settings_desk_questions_per_day CHECK (desk_questions_per_day >= 1 AND desk_questions_per_day <= 10000),
    CONSTRAINT school_settings_edit_window_days CHECK (edit_window_days >= 0 AND edit_window_days <= 366),
    CONSTRAINT school_settings_family_threads_per_day CHECK (family_threads_per_day >= 1 AND family_threads_per_day <= 1000),
    CONSTRAINT school_settings_lockout CHECK (lockout_per_login > 0 AND lockout_per_address > 0),
    CONSTRAINT school_settings_min_marks CHECK (min_marks_quarter >= 0 AND min_marks_quarter <= 50 AND min_marks_semester >= 0 AND min_marks_semester <= 50),
    CONSTRAINT school_settings_min_marks_by_hours CHECK (min_marks_quarter_2h >= 0 AND min_marks_quarter_2h <= 50 AND min_marks_quarter_3h >= 0 AND min_marks_quarter_3h <= 50 AND min_marks_semester_2h >= 0 AND min_marks_semester_2h <= 50 AND min_marks_semester_3h >= 0 AND min_marks_semester_3h <= 50),
    CONSTRAINT school_settings_questions_per_day CHECK (questions_per_day >= 1 AND questions_per_day <= 1000),
    CONSTRAINT school_settings_quiet_hours CHECK (quiet_from <> quiet_to),
    CONSTRAINT school_settings_rounding_threshold CHECK (rounding_threshold >= 0.01 AND rounding_threshold <= 1::numeric),
    CONSTRAINT school_settings_scale CHECK ((scale_min = ANY (ARRAY[1, 2])) AND scale_max = 5),
    CONSTRAINT school_settings_six_day_grade_levels CHECK (six_day_grade_levels <@ '{1,2,3,4,5,6,7,8,9,10,11}'::smallint[])
);
COMMENT ON TABLE school_settings IS 'What domain rules call local, one row per school. A school without a row has the defaults.';
COMMENT ON COLUMN school_settings.edit_window_days IS 'M4: days after the lesson in which marks and attendance are written.';
COMMENT ON COLUMN school_settings.scale_min IS 'M2: lowest number of the scale, 2 or 1.';
COMMENT ON COLUMN school_settings.rounding_threshold IS 'M6: fraction from which an average is rounded up.';
COMMENT ON COLUMN school_settings.min_marks_quarter IS 'M7: current marks that a final of a quarter or trimester needs in a section with less than two lessons a week.';
COMMENT ON COLUMN school_settings.min_marks_semester IS 'M7: current marks that a final of a semester needs in a section with less than two lessons a week.';
COMMENT ON COLUMN school_settings.activation_days IS 'A2: life of an activation code.';
COMMENT ON COLUMN school_settings.homework_in_grade_1 IS 'H1';
COMMENT ON COLUMN school_settings.students_write_students IS 'C1';
COMMENT ON COLUMN school_settings.password_grant IS 'Whether apps of the school may sign in with grant_type=password.';
COMMENT ON COLUMN school_settings.consultation_days IS 'C4: working days in which a consultation is answered.';
COMMENT ON COLUMN school_settings.lockout_per_login IS 'A6: failures in 15 minutes for one login and address.';
COMMENT ON COLUMN school_settings.lockout_per_address IS 'A6: failures in 15 minutes for one address.';
COMMENT ON COLUMN school_settings.six_day_grade_levels IS 'Grade levels with a week of six days; the others have five.';
COMMENT ON COLUMN school_settings.code_labels IS 'M2: what the school prints for the fixed codes.';
COMMENT ON COLUMN school_settings.second_factor_required IS 'Whether staff sign in with a second factor only. Who has none sets it up before the first session.';
COMMENT ON COLUMN school_settings.min_marks_quarter_2h IS 'M7: the same with two lessons a week, and less than three.';
COMMENT ON COLUMN school_settings.min_marks_quarter_3h IS 'M7: the same with three lessons a week or more.';
COMMENT ON COLUMN school_settings.min_marks_semester_2h IS 'M7: the same with two lessons a week, and less than three.';
COMMENT ON COLUMN school_settings.min_marks_semester_3h IS 'M7: the same with three lessons a week or more.';
COMMENT ON COLUMN school_settings.term_debts IS 'M13: whether a final mark of a term opens a debt too.';
COMMENT ON COLUMN school_settings.conduct_scale IS 'M14: none, pass (2 levels), three or five levels.';
COMMENT ON COLUMN school_settings.quiet_from IS 'From this time on until quiet_to, notifications that are not urgent are neither pushed nor mailed (C3); a person may choose other hours.';
COMMENT ON COLUMN school_settings.week_digest_at IS 'C3: local time on the last school day of the week from which families get the digest of the week. Null: there is no digest.';
COMMENT ON COLUMN school_settings.family_threads_per_day IS 'C1: threads that one student or guardian may begin in 24 hours.';
COMMENT ON COLUMN school_settings.questions_per_day IS 'C4: questions to the administrators, first and further ones, that a person may ask in 24 hours.';
COMMENT ON COLUMN school_settings.desk_questions_per_day IS 'C4: questions that an administrator may write down for others in 24 hours.';
ALTER TABLE school_settings ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON school_settings TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON school_settings TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON school_settings FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON school_settings REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_school_settings();
CREATE TRIGGER log_deleted AFTER DELETE ON school_settings REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_school_settings();
CREATE TRIGGER log_made AFTER INSERT ON school_settings REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_school_settings();
CREATE TRIGGER version BEFORE UPDATE ON school_settings FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE schools (
    id integer GENERATED ALWAYS AS IDENTITY NOT NULL,
    code text NOT NULL,
    name text NOT NULL,
    time_zone text DEFAULT 'Europe/Moscow'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_at timestamp with time zone,
    CONSTRAINT schools_pkey PRIMARY KEY (id),
    CONSTRAINT schools_code_key UNIQUE (code),
    CONSTRAINT schools_code CHECK (code ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text),
    CONSTRAINT schools_name CHECK (name <> ''::text)
);
COMMENT ON TABLE schools IS 'A tenant. Has no row-level security: the list of schools is public and is read before sign-in.';
COMMENT ON COLUMN schools.code IS 'Public short name, used at sign-in and in links.';
COMMENT ON COLUMN schools.time_zone IS 'IANA name; every date of the school is a date in this zone.';
GRANT SELECT ON schools TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON schools FOR EACH ROW WHEN (old.* IS DISTINCT FROM new.*) EXECUTE FUNCTION lyceum.log_schools();
CREATE TRIGGER settings AFTER INSERT ON schools FOR EACH ROW EXECUTE FUNCTION lyceum.open_school();

CREATE TABLE second_factors (
    school_id integer NOT NULL,
    user_id uuid NOT NULL,
    secret text NOT NULL,
    begun_at timestamp with time zone DEFAULT now() NOT NULL,
    confirmed_at timestamp with time zone,
    last_step bigint,
    tries smallint DEFAULT 0 NOT NULL,
    tries_since timestamp with time zone,
    CONSTRAINT second_factors_pkey PRIMARY KEY (school_id, user_id),
    CONSTRAINT second_factors_school_id_user_id_fkey FOREIGN KEY (school_id, user_id) REFERENCES users(school_id, id)
);
COMMENT ON TABLE second_factors IS 'A6: secrets of authenticator apps (RFC 6238), of staff. Asked for at sign-in from the moment that the first code has confirmed one.';
COMMENT ON COLUMN second_factors.secret IS 'Sealed by the server under a key of its configuration: key id, colon, ciphertext. Nothing without that key.';
COMMENT ON COLUMN second_factors.confirmed_at IS 'Null while it is being set up; then it is not asked for.';
COMMENT ON COLUMN second_factors.last_step IS 'The 30 seconds whose code was accepted last: no code works twice.';
COMMENT ON COLUMN second_factors.tries IS 'A6: codes tried since tries_since without success, from whichever address.';
ALTER TABLE second_factors ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON second_factors TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON second_factors TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE OF confirmed_at ON second_factors FOR EACH ROW EXECUTE FUNCTION lyceum.audit('secret');

CREATE TABLE section_teachers (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    section_id uuid NOT NULL,
    teacher_id uuid NOT NULL,
    role text DEFAULT 'lead'::text NOT NULL,
    starts_on date NOT NULL,
    ends_on date,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT section_teachers_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT section_teachers_no_overlap EXCLUDE USING gist (school_id WITH =, COALESCE(section_id, section_id) WITH =, COALESCE(teacher_id, teacher_id) WITH =, daterange(starts_on, ends_on, '[]'::text) WITH &&),
    CONSTRAINT section_teachers_one_lead EXCLUDE USING gist (school_id WITH =, COALESCE(section_id, section_id) WITH =, daterange(starts_on, ends_on, '[]'::text) WITH &&) WHERE (role = 'lead'::text),
    CONSTRAINT section_teachers_school_id_section_id_fkey FOREIGN KEY (school_id, section_id) REFERENCES sections(school_id, id),
    CONSTRAINT section_teachers_school_id_teacher_id_fkey FOREIGN KEY (school_id, teacher_id) REFERENCES staff(school_id, id),
    CONSTRAINT section_teachers_dates CHECK (ends_on >= starts_on),
    CONSTRAINT section_teachers_role CHECK (role = ANY (ARRAY['lead'::text, 'co'::text]))
);
COMMENT ON TABLE section_teachers IS 'Teachers of a section, dated; they write in it on those dates (A4). One lead at a time.';
COMMENT ON COLUMN section_teachers.ends_on IS 'Last day, inclusive; null while it lasts.';
CREATE INDEX section_teachers_by_section ON public.section_teachers USING btree (school_id, section_id, teacher_id, starts_on, ends_on);
CREATE INDEX section_teachers_by_teacher ON public.section_teachers USING btree (school_id, teacher_id, section_id);
ALTER TABLE section_teachers ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON section_teachers TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON section_teachers TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON section_teachers FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER fixed BEFORE UPDATE ON section_teachers FOR EACH ROW WHEN (new.section_id IS DISTINCT FROM old.section_id OR new.teacher_id IS DISTINCT FROM old.teacher_id) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER log_changed AFTER UPDATE ON section_teachers REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_section_teachers();
CREATE TRIGGER log_deleted AFTER DELETE ON section_teachers REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_section_teachers();
CREATE TRIGGER log_made AFTER INSERT ON section_teachers REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_section_teachers();
CREATE CONSTRAINT TRIGGER timetable AFTER INSERT ON section_teachers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.role = 'lead'::text) EXECUTE FUNCTION lyceum.check_timetable();
CREATE CONSTRAINT TRIGGER timetable_again AFTER UPDATE ON section_teachers DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (new.role = 'lead'::text AND NOT (old.role = 'lead'::text AND lyceum.covers(old.starts_on, old.ends_on, new.starts_on, new.ends_on))) EXECUTE FUNCTION lyceum.check_timetable();
CREATE TRIGGER version BEFORE UPDATE ON section_teachers FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE sections (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    group_id uuid NOT NULL,
    kind text DEFAULT 'curricular'::text NOT NULL,
    grading text DEFAULT 'marks'::text NOT NULL,
    name text NOT NULL,
    hours_per_week numeric(4,1),
    archived_at timestamp with time zone,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT sections_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT sections_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT sections_school_id_group_id_academic_year_id_fkey FOREIGN KEY (school_id, group_id, academic_year_id) REFERENCES groups(school_id, id, academic_year_id),
    CONSTRAINT sections_school_id_subject_id_fkey FOREIGN KEY (school_id, subject_id) REFERENCES subjects(school_id, id),
    CONSTRAINT sections_grading CHECK (grading = ANY (ARRAY['marks'::text, 'pass_fail'::text, 'none'::text])),
    CONSTRAINT sections_hours_per_week CHECK (hours_per_week > 0::numeric),
    CONSTRAINT sections_kind CHECK (kind = ANY (ARRAY['curricular'::text, 'elective'::text, 'extracurricular'::text])),
    CONSTRAINT sections_name CHECK (name <> ''::text)
);
COMMENT ON TABLE sections IS 'A page of the journal: a subject taught to a group in a year. Subject, group and year never change (L2); a new load is a new section.';
COMMENT ON COLUMN sections.grading IS 'M1: none takes no marks; pass_fail takes pass and fail only.';
CREATE INDEX sections_by_group ON public.sections USING btree (school_id, group_id);
CREATE INDEX sections_by_subject ON public.sections USING btree (school_id, academic_year_id, subject_id);
CREATE UNIQUE INDEX sections_external_id ON public.sections USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE sections ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sections TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON sections TO lyceum_app;
CREATE TRIGGER fixed BEFORE UPDATE ON sections FOR EACH ROW WHEN (new.academic_year_id IS DISTINCT FROM old.academic_year_id OR new.subject_id IS DISTINCT FROM old.subject_id OR new.group_id IS DISTINCT FROM old.group_id) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER grading AFTER UPDATE ON sections FOR EACH ROW WHEN (new.grading <> old.grading) EXECUTE FUNCTION lyceum.guard_grading();
CREATE TRIGGER log_changed AFTER UPDATE ON sections REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_sections();
CREATE TRIGGER log_deleted AFTER DELETE ON sections REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_sections();
CREATE TRIGGER log_made AFTER INSERT ON sections REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_sections();
CREATE CONSTRAINT TRIGGER timetable AFTER UPDATE ON sections DEFERRABLE INITIALLY DEFERRED FOR EACH ROW WHEN (old.archived_at IS NOT NULL AND new.archived_at IS NULL) EXECUTE FUNCTION lyceum.check_timetable();
CREATE TRIGGER version BEFORE UPDATE ON sections FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE sessions (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    user_id uuid,
    app text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    last_used_at timestamp with time zone DEFAULT now() NOT NULL,
    refresh_generation integer DEFAULT 0 NOT NULL,
    refresh_hash bytea,
    previous_refresh_hash bytea,
    rotated_at timestamp with time zone,
    expires_at timestamp with time zone NOT NULL,
    ended_at timestamp with time zone,
    end_reason text,
    user_agent text,
    address inet,
    client_id uuid,
    secret_id uuid,
    scopes text[],
    CONSTRAINT sessions_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT sessions_client_fkey FOREIGN KEY (school_id, client_id) REFERENCES clients(school_id, id),
    CONSTRAINT sessions_school_id_user_id_fkey FOREIGN KEY (school_id, user_id) REFERENCES users(school_id, id),
    CONSTRAINT sessions_refresh CHECK ((user_id IS NULL) = (refresh_hash IS NULL)),
    CONSTRAINT sessions_scopes CHECK ((client_id IS NULL) = (scopes IS NULL)),
    CONSTRAINT sessions_whose CHECK (user_id IS NOT NULL OR client_id IS NOT NULL)
);
COMMENT ON TABLE sessions IS 'Sign-ins. The refresh token is opaque, one-time and stored hashed.';
COMMENT ON COLUMN sessions.user_id IS 'The person; null of an integration, which is nobody.';
COMMENT ON COLUMN sessions.app IS 'The program that signed in.';
COMMENT ON COLUMN sessions.refresh_generation IS 'Counts rotations.';
COMMENT ON COLUMN sessions.refresh_hash IS 'Null of an integration: it signs in again.';
COMMENT ON COLUMN sessions.previous_refresh_hash IS 'The immediate predecessor is honoured for 60 s while its successor is unused; any other reuse ends the session.';
COMMENT ON COLUMN sessions.client_id IS 'The program; null of the school''s own apps.';
COMMENT ON COLUMN sessions.secret_id IS 'What an integration signed in with; ends the session when it is taken away.';
COMMENT ON COLUMN sessions.scopes IS 'What the session may do, of what the program was registered for.';
CREATE INDEX sessions_by_client ON public.sessions USING btree (school_id, client_id) WHERE ((ended_at IS NULL) AND (client_id IS NOT NULL));
CREATE INDEX sessions_by_end ON public.sessions USING btree (school_id, LEAST(ended_at, expires_at));
CREATE INDEX sessions_by_user ON public.sessions USING btree (school_id, user_id) WHERE (ended_at IS NULL);
ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY retention ON sessions AS RESTRICTIVE FOR DELETE TO lyceum_app USING (((LEAST(ended_at, expires_at) < (now() - '1 year'::interval)) AND (created_at < (now() - '1 year'::interval))));
CREATE POLICY tenant ON sessions TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON sessions TO lyceum_app;
GRANT UPDATE (last_used_at) ON sessions TO lyceum_app;
GRANT UPDATE (refresh_generation) ON sessions TO lyceum_app;
GRANT UPDATE (refresh_hash) ON sessions TO lyceum_app;
GRANT UPDATE (previous_refresh_hash) ON sessions TO lyceum_app;
GRANT UPDATE (rotated_at) ON sessions TO lyceum_app;
GRANT UPDATE (expires_at) ON sessions TO lyceum_app;
GRANT UPDATE (ended_at) ON sessions TO lyceum_app;
GRANT UPDATE (end_reason) ON sessions TO lyceum_app;
GRANT UPDATE (user_agent) ON sessions TO lyceum_app;
GRANT UPDATE (address) ON sessions TO lyceum_app;
GRANT UPDATE (scopes) ON sessions TO lyceum_app;
CREATE TRIGGER push_subscriptions AFTER UPDATE OF ended_at ON sessions FOR EACH ROW WHEN (old.ended_at IS NULL AND new.ended_at IS NOT NULL) EXECUTE FUNCTION lyceum.end_push_subscriptions();

CREATE TABLE sign_in_failures (
    school_id integer NOT NULL,
    id bigint GENERATED ALWAYS AS IDENTITY NOT NULL,
    login text NOT NULL,
    address inet NOT NULL,
    failed_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT sign_in_failures_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT sign_in_failures_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id)
);
COMMENT ON TABLE sign_in_failures IS 'A6: attempts of the last 15 minutes that did not succeed, for lockout. Written before a password is looked at and taken back when it was right, so one that is being looked at counts. Older rows are deleted in the background.';
COMMENT ON COLUMN sign_in_failures.login IS 'What was typed, whether it exists or not; of an activation a digest of the code.';
CREATE INDEX sign_in_failures_by_address ON public.sign_in_failures USING btree (school_id, address, failed_at);
CREATE INDEX sign_in_failures_by_age ON public.sign_in_failures USING btree (school_id, failed_at);
ALTER TABLE sign_in_failures ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON sign_in_failures TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON sign_in_failures TO lyceum_app;

CREATE TABLE staff (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    "position" text,
    qualification text,
    email text,
    phone text,
    hired_on date,
    left_on date,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT staff_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT staff_school_id_id_fkey FOREIGN KEY (school_id, id) REFERENCES users(school_id, id),
    CONSTRAINT staff_dates CHECK (left_on >= hired_on)
);
COMMENT ON TABLE staff IS 'People who work in the school.';
ALTER TABLE staff ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON staff TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON staff TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON staff FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON staff REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_staff();
CREATE TRIGGER log_deleted AFTER DELETE ON staff REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_staff();
CREATE TRIGGER log_made AFTER INSERT ON staff REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_staff();
CREATE TRIGGER version BEFORE UPDATE ON staff FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE student_documents (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    kind text NOT NULL,
    series text,
    number text NOT NULL,
    issued_by text,
    issued_on date,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT student_documents_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT student_documents_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT student_documents_kind CHECK (kind = ANY (ARRAY['passport'::text, 'birth_certificate'::text, 'snils'::text, 'oms_policy'::text, 'foreign_passport'::text, 'other'::text])),
    CONSTRAINT student_documents_number CHECK (
CASE kind
    WHEN 'passport'::text THEN number ~ '^[0-9]{6}$'::text
    WHEN 'snils'::text THEN lyceum.is_snils(number)
    WHEN 'oms_policy'::text THEN number ~ '^[0-9]{16}$'::text
    ELSE number <> ''::text
END),
    CONSTRAINT student_documents_series CHECK (
CASE kind
    WHEN 'passport'::text THEN series IS NOT NULL AND series ~ '^[0-9]{2} ?[0-9]{2}$'::text
    WHEN 'snils'::text THEN series IS NULL
    ELSE true
END)
);
COMMENT ON TABLE student_documents IS 'Documents of pupils. For who keeps the profile, whose readings are recorded unless it is the class teacher (K2), and the family.';
COMMENT ON COLUMN student_documents.kind IS 'passport: внутренний паспорт РФ; birth_certificate: свидетельство о рождении; snils: СНИЛС; oms_policy: полис ОМС; foreign_passport: of another state, or for travel.';
CREATE INDEX student_documents_by_student ON public.student_documents USING btree (school_id, student_id, kind);
CREATE UNIQUE INDEX student_documents_kind_key ON public.student_documents USING btree (school_id, student_id, kind) WHERE (kind <> 'other'::text);
ALTER TABLE student_documents ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON student_documents TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON student_documents TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON student_documents FOR EACH ROW EXECUTE FUNCTION lyceum.audit('series', 'number');
CREATE TRIGGER fixed BEFORE UPDATE ON student_documents FOR EACH ROW WHEN (new.student_id <> old.student_id) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER log_changed AFTER UPDATE ON student_documents REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_student_documents();
CREATE TRIGGER log_deleted AFTER DELETE ON student_documents REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_student_documents();
CREATE TRIGGER log_made AFTER INSERT ON student_documents REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_student_documents();
CREATE TRIGGER version BEFORE UPDATE ON student_documents FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE student_photos (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    media_type text NOT NULL,
    width integer NOT NULL,
    height integer NOT NULL,
    content bytea NOT NULL,
    sha256 bytea NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT student_photos_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT student_photos_school_id_id_fkey FOREIGN KEY (school_id, id) REFERENCES students(school_id, id),
    CONSTRAINT student_photos_content CHECK (octet_length(content) >= 1 AND octet_length(content) <= 2097152),
    CONSTRAINT student_photos_media_type CHECK (media_type = ANY (ARRAY['image/jpeg'::text, 'image/png'::text, 'image/webp'::text])),
    CONSTRAINT student_photos_sha256 CHECK (sha256 = sha256(content)),
    CONSTRAINT student_photos_size CHECK (width >= 1 AND width <= 4096 AND height >= 1 AND height <= 4096)
);
ALTER TABLE student_photos ALTER COLUMN content SET STORAGE EXTERNAL;
COMMENT ON TABLE student_photos IS 'K3: a pupil''s photo, while somebody''s consent to it holds. The id is the pupil''s. Without metadata: those are taken out before.';
COMMENT ON COLUMN student_photos.content IS 'Compressed already: kept outside of the row as it is.';
ALTER TABLE student_photos ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON student_photos TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON student_photos TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON student_photos FOR EACH ROW EXECUTE FUNCTION lyceum.audit_photo();
CREATE TRIGGER log_changed AFTER UPDATE ON student_photos REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_student_photos();
CREATE TRIGGER log_deleted AFTER DELETE ON student_photos REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_student_photos();
CREATE TRIGGER log_made AFTER INSERT ON student_photos REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_student_photos();

CREATE TABLE students (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    birth_date date,
    sex text,
    personal_file text,
    email text,
    phone text,
    address text,
    health_group smallint,
    pe_group text,
    profile_confirmed_on date,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    other_phones text[] DEFAULT '{}'::text[] NOT NULL,
    CONSTRAINT students_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT students_school_id_id_fkey FOREIGN KEY (school_id, id) REFERENCES users(school_id, id),
    CONSTRAINT students_health_group CHECK (health_group >= 1 AND health_group <= 5),
    CONSTRAINT students_other_phones CHECK (lyceum.are_texts(other_phones, 5, 50)),
    CONSTRAINT students_pe_group CHECK (pe_group = ANY (ARRAY['main'::text, 'preparatory'::text, 'special'::text, 'exempt'::text])),
    CONSTRAINT students_sex CHECK (sex = ANY (ARRAY['male'::text, 'female'::text]))
);
COMMENT ON TABLE students IS 'Pupils, also those who have left. Where a pupil studies and in which grade level is said by enrollments.';
COMMENT ON COLUMN students.personal_file IS 'Number of the personal file (личное дело).';
COMMENT ON COLUMN students.health_group IS 'K2: for the class teacher, the pupil''s PE teachers and deputy heads only.';
COMMENT ON COLUMN students.pe_group IS 'K2: as health_group.';
COMMENT ON COLUMN students.profile_confirmed_on IS 'Day on which the family last said that the profile is right.';
COMMENT ON COLUMN students.other_phones IS 'Beside the first one: those of a household, of a dormitory.';
ALTER TABLE students ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON students TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON students TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON students FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON students REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_students();
CREATE TRIGGER log_deleted AFTER DELETE ON students REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_students();
CREATE TRIGGER log_made AFTER INSERT ON students REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_students();
CREATE TRIGGER version BEFORE UPDATE ON students FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE subject_parts (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    part_id uuid NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT subject_parts_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT subject_parts_part_id_key UNIQUE (school_id, academic_year_id, part_id),
    CONSTRAINT subject_parts_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT subject_parts_school_id_part_id_fkey FOREIGN KEY (school_id, part_id) REFERENCES subjects(school_id, id),
    CONSTRAINT subject_parts_school_id_subject_id_fkey FOREIGN KEY (school_id, subject_id) REFERENCES subjects(school_id, id),
    CONSTRAINT subject_parts_not_itself CHECK (part_id <> subject_id)
);
COMMENT ON TABLE subject_parts IS 'M11: subjects that are parts of a composite subject in a year. The year, exam and final marks of the composite subject are means over its parts; they are computed and not stored. A new year begins with the parts of the year before.';
CREATE INDEX subject_parts_by_subject ON public.subject_parts USING btree (school_id, academic_year_id, subject_id);
ALTER TABLE subject_parts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON subject_parts TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON subject_parts TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON subject_parts FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON subject_parts REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_subject_parts();
CREATE TRIGGER log_deleted AFTER DELETE ON subject_parts REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_subject_parts();
CREATE TRIGGER log_made AFTER INSERT ON subject_parts REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_subject_parts();
CREATE TRIGGER one_level BEFORE INSERT OR UPDATE ON subject_parts FOR EACH ROW EXECUTE FUNCTION lyceum.guard_subject_part();
CREATE TRIGGER version BEFORE UPDATE ON subject_parts FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE subjects (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    name text NOT NULL,
    short_name text,
    area text,
    "position" smallint DEFAULT 0 NOT NULL,
    archived_at timestamp with time zone,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    is_physical boolean DEFAULT false NOT NULL,
    CONSTRAINT subjects_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT subjects_name_key UNIQUE (school_id, name),
    CONSTRAINT subjects_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT subjects_name CHECK (name <> ''::text)
);
COMMENT ON TABLE subjects IS 'Subjects of the curriculum.';
COMMENT ON COLUMN subjects.area IS 'Subject area of the curriculum (предметная область).';
COMMENT ON COLUMN subjects."position" IS 'Order in registers and report cards.';
COMMENT ON COLUMN subjects.is_physical IS 'Physical education: its teachers see their pupils'' health groups (K2).';
CREATE UNIQUE INDEX subjects_external_id ON public.subjects USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE subjects ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON subjects TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON subjects TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON subjects FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON subjects REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_subjects();
CREATE TRIGGER log_deleted AFTER DELETE ON subjects REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_subjects();
CREATE TRIGGER log_made AFTER INSERT ON subjects REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_subjects();
CREATE TRIGGER version BEFORE UPDATE ON subjects FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE substitutions (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    lesson_id uuid NOT NULL,
    kind text NOT NULL,
    teacher_id uuid,
    room_id uuid,
    other_lesson_id uuid,
    old_date date,
    old_slot smallint,
    old_teacher_id uuid,
    old_room_id uuid,
    reason text,
    created_by uuid,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    cancelled_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    section_id uuid,
    date date,
    slot smallint,
    bell_schedule_id uuid,
    old_bell_schedule_id uuid,
    old_starts_at time without time zone,
    old_ends_at time without time zone,
    old_state text,
    was_generated boolean DEFAULT false NOT NULL,
    other_was_generated boolean DEFAULT false NOT NULL,
    cancelled_by uuid,
    CONSTRAINT substitutions_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT substitutions_school_id_bell_schedule_id_fkey FOREIGN KEY (school_id, bell_schedule_id) REFERENCES bell_schedules(school_id, id),
    CONSTRAINT substitutions_school_id_cancelled_by_fkey FOREIGN KEY (school_id, cancelled_by) REFERENCES staff(school_id, id),
    CONSTRAINT substitutions_school_id_created_by_fkey FOREIGN KEY (school_id, created_by) REFERENCES staff(school_id, id),
    CONSTRAINT substitutions_school_id_lesson_id_fkey FOREIGN KEY (school_id, lesson_id) REFERENCES lessons(school_id, id),
    CONSTRAINT substitutions_school_id_other_lesson_id_fkey FOREIGN KEY (school_id, other_lesson_id) REFERENCES lessons(school_id, id),
    CONSTRAINT substitutions_school_id_room_id_fkey FOREIGN KEY (school_id, room_id) REFERENCES rooms(school_id, id),
    CONSTRAINT substitutions_school_id_section_id_fkey FOREIGN KEY (school_id, section_id) REFERENCES sections(school_id, id),
    CONSTRAINT substitutions_school_id_teacher_id_fkey FOREIGN KEY (school_id, teacher_id) REFERENCES staff(school_id, id),
    CONSTRAINT substitutions_kind CHECK (kind = ANY (ARRAY['replace'::text, 'merge'::text, 'move'::text, 'cancel'::text, 'other_subject'::text])),
    CONSTRAINT substitutions_other_lesson CHECK (kind <> 'merge'::text OR other_lesson_id IS NOT NULL),
    CONSTRAINT substitutions_place CHECK ((kind = 'move'::text) = (date IS NOT NULL AND slot IS NOT NULL AND bell_schedule_id IS NOT NULL)),
    CONSTRAINT substitutions_reason CHECK (reason <> ''::text),
    CONSTRAINT substitutions_section CHECK ((kind = 'other_subject'::text) = (section_id IS NOT NULL)),
    CONSTRAINT substitutions_slot CHECK (slot >= 0 AND slot <= 15),
    CONSTRAINT substitutions_teacher CHECK (kind <> 'replace'::text OR teacher_id IS NOT NULL)
);
COMMENT ON TABLE substitutions IS 'L2: a change of the timetable for one day. The lesson itself has the outcome. This row has the reason and what was before. Taking it back sets cancelled_at; otherwise a row never changes. Triggers change the lessons.';
COMMENT ON COLUMN substitutions.teacher_id IS 'Who teaches instead; merge: the teacher of the other lesson.';
COMMENT ON COLUMN substitutions.other_lesson_id IS 'merge: the lesson it is held with; other_subject: the lesson made instead, null after that was deleted.';
COMMENT ON COLUMN substitutions.old_date IS 'Where the lesson stood before. The triggers set all old columns.';
COMMENT ON COLUMN substitutions.cancelled_at IS 'When it was taken back.';
COMMENT ON COLUMN substitutions.section_id IS 'other_subject: the section that meets instead.';
COMMENT ON COLUMN substitutions.date IS 'move: the new day. The new slot and bell schedule are beside it.';
COMMENT ON COLUMN substitutions.was_generated IS 'Whether the generation of lessons could change the lesson, and may again when the substitution is taken back.';
COMMENT ON COLUMN substitutions.other_was_generated IS 'merge: the same about the other lesson.';
CREATE INDEX substitutions_by_date ON public.substitutions USING btree (school_id, date) WHERE ((cancelled_at IS NULL) AND (date IS NOT NULL));
CREATE INDEX substitutions_by_lesson ON public.substitutions USING btree (school_id, lesson_id);
CREATE INDEX substitutions_by_old_date ON public.substitutions USING btree (school_id, old_date) WHERE (cancelled_at IS NULL);
CREATE INDEX substitutions_by_other_lesson ON public.substitutions USING btree (school_id, other_lesson_id) WHERE (other_lesson_id IS NOT NULL);
CREATE UNIQUE INDEX substitutions_one_at_a_time ON public.substitutions USING btree (school_id, lesson_id) WHERE (cancelled_at IS NULL);
ALTER TABLE substitutions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON substitutions TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON substitutions TO lyceum_app;
CREATE TRIGGER guard BEFORE UPDATE ON substitutions FOR EACH ROW WHEN (new.* IS DISTINCT FROM old.*) EXECUTE FUNCTION lyceum.guard_substitution();
CREATE TRIGGER log_changed AFTER UPDATE ON substitutions REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_substitutions();
CREATE TRIGGER log_deleted AFTER DELETE ON substitutions REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_substitutions();
CREATE TRIGGER log_made AFTER INSERT ON substitutions REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_substitutions();
CREATE TRIGGER make BEFORE INSERT ON substitutions FOR EACH ROW EXECUTE FUNCTION lyceum.make_substitution();
CREATE TRIGGER take_back AFTER UPDATE ON substitutions FOR EACH ROW WHEN (old.cancelled_at IS NULL AND new.cancelled_at IS NOT NULL) EXECUTE FUNCTION lyceum.take_back_substitution();
CREATE TRIGGER version BEFORE UPDATE ON substitutions FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE terms (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    kind text NOT NULL,
    ordinal smallint NOT NULL,
    name text NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    marks_close_on date NOT NULL,
    grade_levels smallint[] NOT NULL,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT terms_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT terms_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT terms_dates CHECK (starts_on < ends_on),
    CONSTRAINT terms_grade_levels CHECK (grade_levels <@ '{1,2,3,4,5,6,7,8,9,10,11}'::smallint[] AND cardinality(grade_levels) > 0),
    CONSTRAINT terms_kind CHECK (kind = ANY (ARRAY['quarter'::text, 'trimester'::text, 'semester'::text])),
    CONSTRAINT terms_marks_close_on CHECK (marks_close_on >= ends_on),
    CONSTRAINT terms_ordinal CHECK (ordinal >= 1 AND ordinal <=
CASE kind
    WHEN 'quarter'::text THEN 4
    WHEN 'trimester'::text THEN 3
    ELSE 2
END)
);
COMMENT ON TABLE terms IS 'Quarters, trimesters or semesters. A grade level has at most one term on a day (terms_no_overlap, a trigger).';
COMMENT ON COLUMN terms.ends_on IS 'Last day, inclusive.';
COMMENT ON COLUMN terms.marks_close_on IS 'M4: last day on which the term''s marks are written without an unlock.';
COMMENT ON COLUMN terms.grade_levels IS 'Grade levels the term serves, 1 to 11.';
CREATE INDEX terms_by_year ON public.terms USING btree (school_id, academic_year_id, starts_on);
CREATE UNIQUE INDEX terms_external_id ON public.terms USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE terms ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON terms TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON terms TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON terms FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON terms REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_terms();
CREATE TRIGGER log_deleted AFTER DELETE ON terms REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_terms();
CREATE TRIGGER log_made AFTER INSERT ON terms REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_terms();
CREATE CONSTRAINT TRIGGER place AFTER INSERT OR UPDATE ON terms DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION lyceum.place_term();
CREATE TRIGGER version BEFORE UPDATE ON terms FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE thread_participants (
    school_id integer NOT NULL,
    thread_id uuid NOT NULL,
    person_id uuid NOT NULL,
    capacity text NOT NULL,
    read_sequence integer DEFAULT 0 NOT NULL,
    unread integer DEFAULT 0 NOT NULL,
    latest_at timestamp with time zone DEFAULT now() NOT NULL,
    muted_at timestamp with time zone,
    left_at timestamp with time zone,
    CONSTRAINT thread_participants_pkey PRIMARY KEY (school_id, thread_id, person_id),
    CONSTRAINT thread_participants_school_id_person_id_fkey FOREIGN KEY (school_id, person_id) REFERENCES users(school_id, id),
    CONSTRAINT thread_participants_school_id_thread_id_fkey FOREIGN KEY (school_id, thread_id) REFERENCES threads(school_id, id) ON DELETE CASCADE,
    CONSTRAINT thread_participants_capacity CHECK (capacity = ANY (ARRAY['staff'::text, 'guardian'::text, 'student'::text]))
);
COMMENT ON TABLE thread_participants IS 'Who takes part in a thread. Functions of functions/talk/threads.sql change the rows; the server''s role only adds them.';
COMMENT ON COLUMN thread_participants.capacity IS 'As what the person takes part. A3: a guardian reads the thread only as long as the guardianship gives access.';
COMMENT ON COLUMN thread_participants.read_sequence IS 'Until which sequence number of the thread (messages.sequence) the person has read it.';
COMMENT ON COLUMN thread_participants.unread IS 'Messages of others with a later sequence number, counted when they are written or changed. lyceum.unread_of says how many are shown.';
COMMENT ON COLUMN thread_participants.latest_at IS 'As of the thread, so that an index sorts a person''s threads. It stays as it is for who reads only what was written earlier.';
CREATE INDEX thread_participants_by_person ON public.thread_participants USING btree (school_id, person_id, latest_at, thread_id) WHERE (left_at IS NULL);
CREATE INDEX thread_participants_unread ON public.thread_participants USING btree (school_id, person_id, latest_at, thread_id) WHERE ((left_at IS NULL) AND (unread > 0));
ALTER TABLE thread_participants ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON thread_participants TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT ON thread_participants TO lyceum_app;
CREATE TRIGGER rules BEFORE INSERT ON thread_participants FOR EACH ROW EXECUTE FUNCTION lyceum.check_participant();

CREATE TABLE thread_receipts (
    school_id integer NOT NULL,
    thread_id uuid NOT NULL,
    person_id uuid NOT NULL,
    sequence integer NOT NULL,
    read_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT thread_receipts_pkey PRIMARY KEY (school_id, thread_id, person_id, sequence),
    CONSTRAINT thread_receipts_school_id_thread_id_person_id_fkey FOREIGN KEY (school_id, thread_id, person_id) REFERENCES thread_participants(school_id, thread_id, person_id) ON DELETE CASCADE
);
COMMENT ON TABLE thread_receipts IS 'C2: until which sequence number a person had read a thread, and when. The present text of a message was read at the time of the first row whose sequence number is not smaller than the message''s. Only staff who wrote the message see it. Append-only.';
ALTER TABLE thread_receipts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON thread_receipts TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON thread_receipts TO lyceum_app;

CREATE TABLE thread_reports (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    thread_id uuid NOT NULL,
    reported_by uuid DEFAULT lyceum.current_user_id() NOT NULL,
    reason text NOT NULL,
    reported_at timestamp with time zone DEFAULT now() NOT NULL,
    closed_by uuid,
    closed_at timestamp with time zone,
    note text,
    CONSTRAINT thread_reports_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT thread_reports_school_id_closed_by_fkey FOREIGN KEY (school_id, closed_by) REFERENCES users(school_id, id),
    CONSTRAINT thread_reports_school_id_reported_by_fkey FOREIGN KEY (school_id, reported_by) REFERENCES users(school_id, id),
    CONSTRAINT thread_reports_school_id_thread_id_fkey FOREIGN KEY (school_id, thread_id) REFERENCES threads(school_id, id) ON DELETE CASCADE,
    CONSTRAINT thread_reports_closed CHECK (num_nonnulls(closed_by, closed_at, note) = ANY (ARRAY[0, 3])),
    CONSTRAINT thread_reports_note CHECK (length(note) >= 1 AND length(note) <= 1000),
    CONSTRAINT thread_reports_reason CHECK (length(reason) >= 1 AND length(reason) <= 1000)
);
COMMENT ON TABLE thread_reports IS 'A participant asks the head to look at a thread. While a report is open, the head may read the thread, and nobody else does who takes no part in it; each reading is in the audit log.';
COMMENT ON COLUMN thread_reports.note IS 'What the head wrote when closing the report.';
CREATE INDEX thread_reports_by_end ON public.thread_reports USING btree (school_id, closed_at) WHERE (closed_at IS NOT NULL);
CREATE INDEX thread_reports_by_time ON public.thread_reports USING btree (school_id, reported_at, id);
CREATE UNIQUE INDEX thread_reports_open ON public.thread_reports USING btree (school_id, thread_id, reported_by) WHERE (closed_at IS NULL);
ALTER TABLE thread_reports ENABLE ROW LEVEL SECURITY;
CREATE POLICY retention ON thread_reports AS RESTRICTIVE FOR DELETE TO lyceum_app USING ((closed_at < (now() - '3 years'::interval)));
CREATE POLICY tenant ON thread_reports TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON thread_reports TO lyceum_app;
CREATE TRIGGER rules BEFORE INSERT ON thread_reports FOR EACH ROW EXECUTE FUNCTION lyceum.check_thread_report();

CREATE TABLE threads (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    subject text NOT NULL,
    student_id uuid,
    created_by uuid DEFAULT lyceum.current_user_id() NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    made_in xid8 DEFAULT pg_current_xact_id() NOT NULL,
    last_number integer DEFAULT 0 NOT NULL,
    last_sequence integer DEFAULT 0 NOT NULL,
    latest_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT threads_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT threads_school_id_created_by_fkey FOREIGN KEY (school_id, created_by) REFERENCES users(school_id, id),
    CONSTRAINT threads_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT threads_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT threads_subject CHECK (length(subject) >= 1 AND length(subject) <= 200)
);
COMMENT ON TABLE threads IS 'C1: a conversation. Its participants are set in the transaction that makes it and never grow, so nobody reads what was written before. It has at most one student or guardian, except between two students: guardians of one child never meet in a thread (A3).';
COMMENT ON COLUMN threads.student_id IS 'The student whom it is about. Null: between colleagues, or between two students.';
COMMENT ON COLUMN threads.made_in IS 'The transaction that made it.';
COMMENT ON COLUMN threads.last_number IS 'The number of its last message. The writers of a thread take turns by this row.';
COMMENT ON COLUMN threads.last_sequence IS 'How often a message of it was written or changed.';
CREATE INDEX threads_by_age ON public.threads USING btree (school_id, latest_at);
CREATE INDEX threads_by_creator ON public.threads USING btree (school_id, created_by, created_at);
CREATE INDEX threads_by_student ON public.threads USING btree (school_id, student_id, latest_at) WHERE (student_id IS NOT NULL);
ALTER TABLE threads ENABLE ROW LEVEL SECURITY;
CREATE POLICY retention ON threads AS RESTRICTIVE FOR DELETE TO lyceum_app USING ((latest_at < (now() - '3 years'::interval)));
CREATE POLICY tenant ON threads TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON threads TO lyceum_app;
CREATE TRIGGER rules BEFORE INSERT ON threads FOR EACH ROW EXECUTE FUNCTION lyceum.check_thread();

CREATE TABLE timetable_entries (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    section_id uuid NOT NULL,
    bell_schedule_id uuid NOT NULL,
    weekday smallint NOT NULL,
    slot smallint NOT NULL,
    week text DEFAULT 'every'::text NOT NULL,
    room_id uuid,
    teacher_id uuid,
    starts_on date NOT NULL,
    ends_on date,
    external_id text,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT timetable_entries_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT timetable_entries_no_overlap EXCLUDE USING gist (school_id WITH =, COALESCE(section_id, section_id) WITH =, COALESCE(bell_schedule_id, bell_schedule_id) WITH =, weekday WITH =, slot WITH =, int4range(
CASE week
    WHEN 'odd'::text THEN 1
    ELSE 0
END,
CASE week
    WHEN 'even'::text THEN 1
    ELSE 2
END) WITH &&, daterange(starts_on, ends_on, '[]'::text) WITH &&) DEFERRABLE,
    CONSTRAINT timetable_entries_school_id_bell_schedule_id_fkey FOREIGN KEY (school_id, bell_schedule_id) REFERENCES bell_schedules(school_id, id),
    CONSTRAINT timetable_entries_school_id_room_id_fkey FOREIGN KEY (school_id, room_id) REFERENCES rooms(school_id, id),
    CONSTRAINT timetable_entries_school_id_section_id_fkey FOREIGN KEY (school_id, section_id) REFERENCES sections(school_id, id),
    CONSTRAINT timetable_entries_school_id_teacher_id_fkey FOREIGN KEY (school_id, teacher_id) REFERENCES staff(school_id, id),
    CONSTRAINT timetable_entries_dates CHECK (ends_on >= starts_on),
    CONSTRAINT timetable_entries_slot CHECK (slot >= 0 AND slot <= 15),
    CONSTRAINT timetable_entries_week CHECK (week = ANY (ARRAY['every'::text, 'odd'::text, 'even'::text])),
    CONSTRAINT timetable_entries_weekday CHECK (weekday >= 1 AND weekday <= 7)
);
COMMENT ON TABLE timetable_entries IS 'The weekly timetable: a section on a weekday and slot, for a range of dates. Lessons are made from it (L2).';
COMMENT ON COLUMN timetable_entries.weekday IS '1 Monday to 7 Sunday.';
COMMENT ON COLUMN timetable_entries.week IS 'every week, or odd or even weeks of the academic year, counted from 1.';
COMMENT ON COLUMN timetable_entries.teacher_id IS 'Null: the section''s lead on the day.';
COMMENT ON COLUMN timetable_entries.ends_on IS 'Last day, inclusive; null while it lasts.';
CREATE INDEX timetable_entries_by_section ON public.timetable_entries USING btree (school_id, section_id);
CREATE INDEX timetable_entries_by_weekday ON public.timetable_entries USING btree (school_id, weekday, slot);
CREATE UNIQUE INDEX timetable_entries_external_id ON public.timetable_entries USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE timetable_entries ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON timetable_entries TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT, UPDATE ON timetable_entries TO lyceum_app;
CREATE TRIGGER log_changed AFTER UPDATE ON timetable_entries REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_timetable_entries();
CREATE TRIGGER log_deleted AFTER DELETE ON timetable_entries REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_timetable_entries();
CREATE TRIGGER log_made AFTER INSERT ON timetable_entries REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_timetable_entries();
CREATE CONSTRAINT TRIGGER place AFTER INSERT ON timetable_entries DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW EXECUTE FUNCTION lyceum.place_timetable_entry();
CREATE CONSTRAINT TRIGGER place_again AFTER UPDATE ON timetable_entries DEFERRABLE INITIALLY IMMEDIATE FOR EACH ROW WHEN (new.section_id IS DISTINCT FROM old.section_id OR new.bell_schedule_id IS DISTINCT FROM old.bell_schedule_id OR new.weekday IS DISTINCT FROM old.weekday OR new.slot IS DISTINCT FROM old.slot OR new.week IS DISTINCT FROM old.week OR new.room_id IS DISTINCT FROM old.room_id OR new.teacher_id IS DISTINCT FROM old.teacher_id OR new.starts_on IS DISTINCT FROM old.starts_on OR new.ends_on IS DISTINCT FROM old.ends_on) EXECUTE FUNCTION lyceum.place_timetable_entry();
CREATE TRIGGER version BEFORE UPDATE ON timetable_entries FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE transferred_mark_history (
    school_id integer NOT NULL,
    transferred_mark_id uuid NOT NULL,
    version integer NOT NULL,
    student_id uuid NOT NULL,
    old_kind text,
    old_number smallint,
    old_code text,
    old_weight numeric(5,2),
    new_kind text,
    new_number smallint,
    new_code text,
    new_weight numeric(5,2),
    changed_by uuid,
    changed_at timestamp with time zone NOT NULL,
    reason text,
    request_id text,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    client_id uuid DEFAULT lyceum.current_client_id(),
    CONSTRAINT transferred_mark_history_pkey PRIMARY KEY (school_id, transferred_mark_id, version)
);
COMMENT ON TABLE transferred_mark_history IS 'A5: every version of every transferred mark, append-only: the server''s role may only read.';
COMMENT ON COLUMN transferred_mark_history.version IS 'The version the change led to.';
COMMENT ON COLUMN transferred_mark_history.client_id IS 'As in mark_history.';
ALTER TABLE transferred_mark_history ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON transferred_mark_history TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT SELECT ON transferred_mark_history TO lyceum_app;

CREATE TABLE transferred_marks (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    student_id uuid NOT NULL,
    subject_id uuid NOT NULL,
    academic_year_id uuid NOT NULL,
    date date NOT NULL,
    work text,
    ordinal smallint DEFAULT 1 NOT NULL,
    category_id uuid,
    kind text,
    number smallint,
    code text,
    weight numeric(5,2) DEFAULT 1 NOT NULL,
    school_name text NOT NULL,
    first_recorded_at timestamp with time zone DEFAULT now() NOT NULL,
    recorded_by uuid DEFAULT lyceum.current_user_id(),
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT transferred_marks_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT transferred_marks_key UNIQUE NULLS NOT DISTINCT (school_id, student_id, subject_id, date, work, ordinal),
    CONSTRAINT transferred_marks_school_id_academic_year_id_fkey FOREIGN KEY (school_id, academic_year_id) REFERENCES academic_years(school_id, id),
    CONSTRAINT transferred_marks_school_id_category_id_fkey FOREIGN KEY (school_id, category_id) REFERENCES categories(school_id, id),
    CONSTRAINT transferred_marks_school_id_student_id_fkey FOREIGN KEY (school_id, student_id) REFERENCES students(school_id, id),
    CONSTRAINT transferred_marks_school_id_subject_id_fkey FOREIGN KEY (school_id, subject_id) REFERENCES subjects(school_id, id),
    CONSTRAINT transferred_marks_ordinal CHECK (ordinal >= 1 AND ordinal <= 20),
    CONSTRAINT transferred_marks_school_name CHECK (school_name <> ''::text),
    CONSTRAINT transferred_marks_value CHECK (
CASE
    WHEN kind IS NULL THEN number IS NULL AND code IS NULL
    WHEN kind = 'number'::text THEN number IS NOT NULL AND number >= 1 AND number <= 5 AND code IS NULL
    WHEN kind = 'code'::text THEN number IS NULL AND code IS NOT NULL AND (code = ANY (ARRAY['pass'::text, 'fail'::text, 'exempt'::text]))
    ELSE false
END),
    CONSTRAINT transferred_marks_weight CHECK (weight >= 0::numeric),
    CONSTRAINT transferred_marks_work CHECK (work <> ''::text)
);
COMMENT ON TABLE transferred_marks IS 'M10: current marks from another school. They have no lesson here, follow the student, and count in M6 and M7. A cleared mark keeps its row with a null value and a new version (M5); rows are never deleted.';
COMMENT ON COLUMN transferred_marks.academic_year_id IS 'The year of the date.';
COMMENT ON COLUMN transferred_marks.work IS 'The kind of work, as the other school calls it.';
COMMENT ON COLUMN transferred_marks.ordinal IS 'Tells several marks of a day for the same kind of work apart.';
COMMENT ON COLUMN transferred_marks.category_id IS 'The kind of work of this school that has the same name.';
COMMENT ON COLUMN transferred_marks.kind IS 'number or code; null: cleared.';
COMMENT ON COLUMN transferred_marks.school_name IS 'The other school.';
COMMENT ON COLUMN transferred_marks.recorded_by IS 'Who last wrote the value. No foreign key: the record outlives everything.';
CREATE INDEX transferred_marks_by_year ON public.transferred_marks USING btree (school_id, academic_year_id, subject_id, student_id);
ALTER TABLE transferred_marks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON transferred_marks TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON transferred_marks TO lyceum_app;
CREATE TRIGGER fixed BEFORE UPDATE ON transferred_marks FOR EACH ROW WHEN (new.student_id IS DISTINCT FROM old.student_id OR new.subject_id IS DISTINCT FROM old.subject_id OR new.academic_year_id IS DISTINCT FROM old.academic_year_id OR new.date IS DISTINCT FROM old.date OR new.work IS DISTINCT FROM old.work OR new.ordinal IS DISTINCT FROM old.ordinal) EXECUTE FUNCTION lyceum.refuse_move();
CREATE TRIGGER history AFTER INSERT ON transferred_marks FOR EACH ROW EXECUTE FUNCTION lyceum.record_transferred_mark_history();
CREATE TRIGGER history_again AFTER UPDATE ON transferred_marks FOR EACH ROW WHEN (new.version <> old.version) EXECUTE FUNCTION lyceum.record_transferred_mark_history();
CREATE TRIGGER log_changed AFTER UPDATE ON transferred_marks REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_transferred_marks();
CREATE TRIGGER log_deleted AFTER DELETE ON transferred_marks REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_transferred_marks();
CREATE TRIGGER log_made AFTER INSERT ON transferred_marks REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_transferred_marks();
CREATE TRIGGER record BEFORE INSERT ON transferred_marks FOR EACH ROW EXECUTE FUNCTION lyceum.record_transferred_mark();
CREATE TRIGGER record_again BEFORE UPDATE ON transferred_marks FOR EACH ROW WHEN (new.kind IS DISTINCT FROM old.kind OR new.number IS DISTINCT FROM old.number OR new.code IS DISTINCT FROM old.code OR new.weight IS DISTINCT FROM old.weight) EXECUTE FUNCTION lyceum.record_transferred_mark();
CREATE TRIGGER version BEFORE UPDATE ON transferred_marks FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE unlocks (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    section_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    expires_on date NOT NULL,
    reason text NOT NULL,
    granted_by uuid NOT NULL,
    granted_at timestamp with time zone DEFAULT now() NOT NULL,
    revoked_at timestamp with time zone,
    revoked_by uuid,
    CONSTRAINT unlocks_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT unlocks_revoked_by_fkey FOREIGN KEY (school_id, revoked_by) REFERENCES staff(school_id, id),
    CONSTRAINT unlocks_school_id_granted_by_fkey FOREIGN KEY (school_id, granted_by) REFERENCES staff(school_id, id),
    CONSTRAINT unlocks_school_id_section_id_fkey FOREIGN KEY (school_id, section_id) REFERENCES sections(school_id, id),
    CONSTRAINT unlocks_dates CHECK (ends_on >= starts_on),
    CONSTRAINT unlocks_reason CHECK (reason <> ''::text)
);
COMMENT ON TABLE unlocks IS 'M4: leave of a deputy head to write after the edit window or the close of a term.';
COMMENT ON COLUMN unlocks.starts_on IS 'First date of the lessons that are opened.';
COMMENT ON COLUMN unlocks.ends_on IS 'Last date of the lessons that are opened, inclusive.';
COMMENT ON COLUMN unlocks.expires_on IS 'Last day on which they may be edited.';
COMMENT ON COLUMN unlocks.revoked_at IS 'When it was revoked. The row stays: marks may have been written under it.';
COMMENT ON COLUMN unlocks.revoked_by IS 'Who revoked it; null for the command line.';
CREATE INDEX unlocks_by_section ON public.unlocks USING btree (school_id, section_id, starts_on);
ALTER TABLE unlocks ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON unlocks TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON unlocks TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON unlocks FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER guard BEFORE INSERT ON unlocks FOR EACH ROW EXECUTE FUNCTION lyceum.guard_unlock();
CREATE TRIGGER guard_again BEFORE UPDATE ON unlocks FOR EACH ROW WHEN (new.* IS DISTINCT FROM old.*) EXECUTE FUNCTION lyceum.guard_unlock();
CREATE TRIGGER log_changed AFTER UPDATE ON unlocks REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_unlocks();
CREATE TRIGGER log_deleted AFTER DELETE ON unlocks REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_unlocks();
CREATE TRIGGER log_made AFTER INSERT ON unlocks REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_unlocks();

CREATE TABLE user_roles (
    school_id integer NOT NULL,
    user_id uuid NOT NULL,
    role text NOT NULL,
    granted_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT user_roles_pkey PRIMARY KEY (school_id, user_id, role),
    CONSTRAINT user_roles_school_id_user_id_fkey FOREIGN KEY (school_id, user_id) REFERENCES users(school_id, id),
    CONSTRAINT user_roles_role CHECK (role = ANY (ARRAY['administrator'::text, 'head'::text, 'deputy_head'::text, 'teacher'::text, 'guardian'::text, 'student'::text]))
);
COMMENT ON TABLE user_roles IS 'Roles of a person. The class teacher''s role is not here: it follows from class_teachers.';
CREATE INDEX user_roles_by_role ON public.user_roles USING btree (school_id, role, user_id);
ALTER TABLE user_roles ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON user_roles TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON user_roles TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON user_roles FOR EACH ROW EXECUTE FUNCTION lyceum.audit();
CREATE TRIGGER log_changed AFTER UPDATE ON user_roles REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_user_roles();
CREATE TRIGGER log_deleted AFTER DELETE ON user_roles REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_user_roles();
CREATE TRIGGER log_made AFTER INSERT ON user_roles REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_user_roles();
CREATE TRIGGER own_role AFTER INSERT ON user_roles FOR EACH ROW EXECUTE FUNCTION lyceum.check_own_role();
CREATE TRIGGER sessions AFTER DELETE ON user_roles FOR EACH ROW EXECUTE FUNCTION lyceum.end_sessions_of_role();

CREATE TABLE users (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    last_name text COLLATE lyceum.names NOT NULL,
    first_name text COLLATE lyceum.names NOT NULL,
    middle_name text COLLATE lyceum.names,
    login text,
    password_hash text,
    state text DEFAULT 'new'::text NOT NULL,
    external_id text,
    locale text DEFAULT 'ru'::text NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    password_changed_at timestamp with time zone,
    activated_at timestamp with time zone,
    blocked_at timestamp with time zone,
    depersonalised_at timestamp with time zone,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT users_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT users_login_key UNIQUE (school_id, login),
    CONSTRAINT users_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT users_active CHECK (state <> 'active'::text OR login IS NOT NULL AND password_hash IS NOT NULL),
    CONSTRAINT users_login CHECK (login = lower(login) AND login !~ '\s'::text AND login <> ''::text),
    CONSTRAINT users_name CHECK (last_name <> ''::text AND first_name <> ''::text),
    CONSTRAINT users_state CHECK (state = ANY (ARRAY['new'::text, 'issued'::text, 'active'::text, 'blocked'::text]))
);
COMMENT ON TABLE users IS 'People of a school, whether they sign in or not. Staff, students and guardians share the id: one person may be several.';
COMMENT ON COLUMN users.login IS 'Stored in lower case (a trigger sees to it), so that it is unique without regard to case; compare with lower(input).';
COMMENT ON COLUMN users.password_hash IS 'scrypt with its parameters; null until the account is activated.';
COMMENT ON COLUMN users.state IS 'new: no credentials; issued: a code is out (A2); active: signs in; blocked: may not.';
COMMENT ON COLUMN users.depersonalised_at IS 'K2: names and contacts were replaced.';
CREATE INDEX users_by_name ON public.users USING btree (school_id, last_name, first_name, id);
CREATE INDEX users_by_words ON public.users USING gin (lyceum.words_of_name(last_name, first_name, middle_name));
CREATE UNIQUE INDEX users_external_id ON public.users USING btree (school_id, external_id) WHERE (external_id IS NOT NULL);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON users TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON users TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON users FOR EACH ROW EXECUTE FUNCTION lyceum.audit('password_hash');
CREATE TRIGGER forget_targets AFTER UPDATE OF depersonalised_at ON users FOR EACH ROW WHEN (old.depersonalised_at IS NULL AND new.depersonalised_at IS NOT NULL) EXECUTE FUNCTION lyceum.forget_targets();
CREATE TRIGGER log_changed AFTER UPDATE ON users REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_users();
CREATE TRIGGER log_deleted AFTER DELETE ON users REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_users();
CREATE TRIGGER log_made AFTER INSERT ON users REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_users();
CREATE TRIGGER normalise BEFORE INSERT OR UPDATE OF login ON users FOR EACH ROW EXECUTE FUNCTION lyceum.normalise_login();
CREATE TRIGGER version BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE webhook_attempts (
    school_id integer NOT NULL,
    delivery_id uuid NOT NULL,
    number integer NOT NULL,
    began_at timestamp with time zone NOT NULL,
    milliseconds integer NOT NULL,
    status smallint,
    error text,
    CONSTRAINT webhook_attempts_pkey PRIMARY KEY (school_id, delivery_id, number),
    CONSTRAINT webhook_attempts_delivery_fkey FOREIGN KEY (school_id, delivery_id) REFERENCES webhook_deliveries(school_id, id) ON DELETE CASCADE,
    CONSTRAINT webhook_attempts_error CHECK (error ~ '^[a-z_]{1,40}$'::text),
    CONSTRAINT webhook_attempts_milliseconds CHECK (milliseconds >= 0),
    CONSTRAINT webhook_attempts_outcome CHECK (num_nonnulls(status, error) = 1)
);
COMMENT ON TABLE webhook_attempts IS 'How the receivers answered. Their bodies are not kept.';
COMMENT ON COLUMN webhook_attempts.status IS 'The status of the answer; null: there was none, and error says why.';
ALTER TABLE webhook_attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON webhook_attempts TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT ON webhook_attempts TO lyceum_app;

CREATE TABLE webhook_deliveries (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    endpoint_id uuid NOT NULL,
    type text NOT NULL,
    content text NOT NULL,
    is_in_order boolean NOT NULL,
    state text DEFAULT 'waiting'::text NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    ended_at timestamp with time zone,
    CONSTRAINT webhook_deliveries_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT webhook_deliveries_endpoint_fkey FOREIGN KEY (school_id, endpoint_id) REFERENCES webhook_endpoints(school_id, id) ON DELETE CASCADE,
    CONSTRAINT webhook_deliveries_attempts CHECK (attempts >= 0),
    CONSTRAINT webhook_deliveries_ended CHECK ((state = 'waiting'::text) = (ended_at IS NULL)),
    CONSTRAINT webhook_deliveries_state CHECK (state = ANY (ARRAY['waiting'::text, 'delivered'::text, 'given_up'::text, 'withdrawn'::text])),
    CONSTRAINT webhook_deliveries_type CHECK (type = ANY (ARRAY['changes'::text, 'changes.expired'::text, 'test'::text]))
);
COMMENT ON TABLE webhook_deliveries IS 'Messages to webhooks. The id is the same at every attempt, so that the receiver recognizes a repetition.';
COMMENT ON COLUMN webhook_deliveries.content IS 'The body, in JSON: ids and kinds of changed rows, but no data of them.';
COMMENT ON COLUMN webhook_deliveries.is_in_order IS 'The next changes are read when this delivery has ended. False for tests and for those that somebody sent again.';
COMMENT ON COLUMN webhook_deliveries.state IS 'withdrawn: the client may not read any of its changes any more, so it was not sent.';
COMMENT ON COLUMN webhook_deliveries.attempts IS 'Failed attempts of the present series; sending again begins a new one.';
CREATE INDEX webhook_deliveries_by_end ON public.webhook_deliveries USING btree (school_id, ended_at) WHERE (ended_at IS NOT NULL);
CREATE INDEX webhook_deliveries_by_endpoint ON public.webhook_deliveries USING btree (school_id, endpoint_id, id);
CREATE UNIQUE INDEX webhook_deliveries_in_order ON public.webhook_deliveries USING btree (school_id, endpoint_id) WHERE ((state = 'waiting'::text) AND is_in_order);
CREATE INDEX webhook_deliveries_waiting ON public.webhook_deliveries USING btree (school_id, endpoint_id) WHERE (state = 'waiting'::text);
ALTER TABLE webhook_deliveries ENABLE ROW LEVEL SECURITY;
CREATE POLICY retention ON webhook_deliveries AS RESTRICTIVE FOR DELETE TO lyceum_app USING ((ended_at < (now() - '30 days'::interval)));
CREATE POLICY tenant ON webhook_deliveries TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, INSERT, SELECT ON webhook_deliveries TO lyceum_app;
GRANT UPDATE (is_in_order) ON webhook_deliveries TO lyceum_app;
GRANT UPDATE (state) ON webhook_deliveries TO lyceum_app;
GRANT UPDATE (attempts) ON webhook_deliveries TO lyceum_app;
GRANT UPDATE (ended_at) ON webhook_deliveries TO lyceum_app;
CREATE TRIGGER room BEFORE INSERT ON webhook_deliveries FOR EACH ROW WHEN (NOT new.is_in_order) EXECUTE FUNCTION lyceum.check_webhook_delivery();
CREATE TRIGGER room_again BEFORE UPDATE OF state ON webhook_deliveries FOR EACH ROW WHEN (new.state = 'waiting'::text AND old.state <> 'waiting'::text AND NOT new.is_in_order) EXECUTE FUNCTION lyceum.check_webhook_delivery();

CREATE TABLE webhook_endpoints (
    school_id integer NOT NULL,
    id uuid NOT NULL,
    client_id uuid NOT NULL,
    url text NOT NULL,
    description text,
    entities text[],
    state text DEFAULT 'enabled'::text NOT NULL,
    disabled_reason text,
    disabled_at timestamp with time zone,
    secret text NOT NULL,
    previous_secret text,
    previous_secret_until timestamp with time zone,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    version integer DEFAULT 1 NOT NULL,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    changed_xid xid8 DEFAULT pg_current_xact_id() NOT NULL,
    CONSTRAINT webhook_endpoints_pkey PRIMARY KEY (school_id, id),
    CONSTRAINT webhook_endpoints_client_fkey FOREIGN KEY (school_id, client_id) REFERENCES clients(school_id, id) ON DELETE CASCADE,
    CONSTRAINT webhook_endpoints_school_id_fkey FOREIGN KEY (school_id) REFERENCES schools(id),
    CONSTRAINT webhook_endpoints_disabled CHECK ((state = 'disabled'::text) = (disabled_reason IS NOT NULL) AND (disabled_reason IS NULL) = (disabled_at IS NULL)),
    CONSTRAINT webhook_endpoints_disabled_reason CHECK (disabled_reason = ANY (ARRAY['requested'::text, 'gone'::text, 'failing'::text])),
    CONSTRAINT webhook_endpoints_entities CHECK (cardinality(entities) > 0),
    CONSTRAINT webhook_endpoints_previous_secret CHECK ((previous_secret IS NULL) = (previous_secret_until IS NULL)),
    CONSTRAINT webhook_endpoints_state CHECK (state = ANY (ARRAY['enabled'::text, 'disabled'::text])),
    CONSTRAINT webhook_endpoints_url CHECK (url <> ''::text)
);
COMMENT ON TABLE webhook_endpoints IS 'Addresses of integrations to which the server sends changes (Standard Webhooks 1.0).';
COMMENT ON COLUMN webhook_endpoints.entities IS 'The kinds of rows whose changes are sent, of those that the scopes of the client allow; null: all of these.';
COMMENT ON COLUMN webhook_endpoints.disabled_reason IS 'requested: somebody disabled it; gone: it answered 410; failing: no delivery has succeeded for 5 days.';
COMMENT ON COLUMN webhook_endpoints.secret IS 'Signs the deliveries; encrypted with the keys of the server''s secrets.';
COMMENT ON COLUMN webhook_endpoints.previous_secret IS 'Also signs them, until previous_secret_until.';
CREATE INDEX webhook_endpoints_by_client ON public.webhook_endpoints USING btree (school_id, client_id, id);
CREATE INDEX webhook_endpoints_enabled ON public.webhook_endpoints USING btree (school_id, id) WHERE (state = 'enabled'::text);
ALTER TABLE webhook_endpoints ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON webhook_endpoints AS RESTRICTIVE TO lyceum_app USING (((client_id = lyceum.current_client_id()) OR (lyceum.current_client_id() IS NULL) OR (lyceum.current_user_id() IS NOT NULL)));
CREATE POLICY tenant ON webhook_endpoints TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT DELETE, SELECT ON webhook_endpoints TO lyceum_app;
GRANT INSERT (school_id) ON webhook_endpoints TO lyceum_app;
GRANT INSERT (id) ON webhook_endpoints TO lyceum_app;
GRANT INSERT (client_id) ON webhook_endpoints TO lyceum_app;
GRANT INSERT (url) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (url) ON webhook_endpoints TO lyceum_app;
GRANT INSERT (description) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (description) ON webhook_endpoints TO lyceum_app;
GRANT INSERT (entities) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (entities) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (state) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (disabled_reason) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (disabled_at) ON webhook_endpoints TO lyceum_app;
GRANT INSERT (secret) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (secret) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (previous_secret) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (previous_secret_until) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (version) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (changed_at) ON webhook_endpoints TO lyceum_app;
GRANT UPDATE (changed_xid) ON webhook_endpoints TO lyceum_app;
CREATE TRIGGER audit AFTER INSERT OR DELETE OR UPDATE ON webhook_endpoints FOR EACH ROW EXECUTE FUNCTION lyceum.audit('secret', 'previous_secret');
CREATE TRIGGER log_changed AFTER UPDATE ON webhook_endpoints REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_webhook_endpoints();
CREATE TRIGGER log_deleted AFTER DELETE ON webhook_endpoints REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_webhook_endpoints();
CREATE TRIGGER log_made AFTER INSERT ON webhook_endpoints REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION lyceum.log_webhook_endpoints();
CREATE TRIGGER room BEFORE INSERT ON webhook_endpoints FOR EACH ROW EXECUTE FUNCTION lyceum.check_webhook_endpoint();
CREATE TRIGGER version BEFORE UPDATE ON webhook_endpoints FOR EACH ROW EXECUTE FUNCTION lyceum.version();

CREATE TABLE webhook_positions (
    school_id integer NOT NULL,
    endpoint_id uuid NOT NULL,
    cursor text NOT NULL,
    since pg_snapshot NOT NULL,
    told_cursor text NOT NULL,
    failing_since timestamp with time zone,
    CONSTRAINT webhook_positions_pkey PRIMARY KEY (school_id, endpoint_id),
    CONSTRAINT webhook_positions_endpoint_fkey FOREIGN KEY (school_id, endpoint_id) REFERENCES webhook_endpoints(school_id, id) ON DELETE CASCADE
);
COMMENT ON TABLE webhook_positions IS 'How far each webhook has read the log of changes.';
COMMENT ON COLUMN webhook_positions.cursor IS 'How far the log was read: a cursor as in GET /v1/changes.';
COMMENT ON COLUMN webhook_positions.since IS 'The snapshot of the cursor: what is not visible in it may be new.';
COMMENT ON COLUMN webhook_positions.told_cursor IS 'The cursor of the last delivery, and "since" of the next one. It is behind "cursor" when nothing in between was for the webhook.';
COMMENT ON COLUMN webhook_positions.failing_since IS 'The first failed attempt since the last success.';
ALTER TABLE webhook_positions ENABLE ROW LEVEL SECURITY;
CREATE POLICY tenant ON webhook_positions TO lyceum_app USING ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer)) WITH CHECK ((school_id = (NULLIF(current_setting('lyceum.school_id'::text, true), ''::text))::integer));
GRANT INSERT, SELECT, UPDATE ON webhook_positions TO lyceum_app;

-- view guardian_profiles with (security_invoker=true)
--     school_id integer
--     id uuid
--     last_name text
--     first_name text
--     middle_name text
--     email text
--     phone text
--     address text
--     workplace text
--     login text
--     state text
--     external_id text
--     version integer
--     other_phones text[]
GRANT INSERT, SELECT, UPDATE ON guardian_profiles TO lyceum_app;
CREATE TRIGGER write INSTEAD OF INSERT OR UPDATE ON guardian_profiles FOR EACH ROW EXECUTE FUNCTION lyceum.write_person();

-- view lyceum.family_records with (security_invoker=true)
--     school_id integer
--     kind text
--     id uuid
--     student_id uuid
--     version integer
--     published_at timestamp with time zone
--     changed_at timestamp with time zone
--     day date
--     section_id uuid
--     author_id uuid
GRANT SELECT ON lyceum.family_records TO lyceum_app;

-- view lyceum.lesson_locks with (security_invoker=true)
--     school_id integer
--     lesson_id uuid
--     section_id uuid
--     date date
--     editable_until date
--     locked_reason text
GRANT SELECT ON lyceum.lesson_locks TO lyceum_app;

-- view lyceum.lesson_teachers with (security_invoker=true)
--     school_id integer
--     lesson_id uuid
--     section_id uuid
--     date date
--     teacher_id uuid
GRANT SELECT ON lyceum.lesson_teachers TO lyceum_app;

-- view lyceum.section_terms with (security_invoker=true)
--     school_id integer
--     section_id uuid
--     term_id uuid
--     starts_on date
--     ends_on date
--     marks_close_on date
GRANT SELECT ON lyceum.section_terms TO lyceum_app;

-- view staff_profiles with (security_invoker=true)
--     school_id integer
--     id uuid
--     last_name text
--     first_name text
--     middle_name text
--     position text
--     qualification text
--     email text
--     phone text
--     hired_on date
--     left_on date
--     roles text[]
--     login text
--     state text
--     external_id text
--     version integer
GRANT INSERT, SELECT, UPDATE ON staff_profiles TO lyceum_app;
CREATE TRIGGER write INSTEAD OF INSERT OR UPDATE ON staff_profiles FOR EACH ROW EXECUTE FUNCTION lyceum.write_person();

-- view student_profiles with (security_invoker=true)
--     school_id integer
--     id uuid
--     last_name text
--     first_name text
--     middle_name text
--     birth_date date
--     sex text
--     personal_file text
--     email text
--     phone text
--     address text
--     health_group smallint
--     pe_group text
--     profile_confirmed_on date
--     login text
--     state text
--     external_id text
--     version integer
--     other_phones text[]
GRANT INSERT, SELECT, UPDATE ON student_profiles TO lyceum_app;
CREATE TRIGGER write INSTEAD OF INSERT OR UPDATE ON student_profiles FOR EACH ROW EXECUTE FUNCTION lyceum.write_person();

-- function lyceum.address_circle(p_address text) returns uuid language sql immutable parallel safe
-- function lyceum.address_circles(p_school integer, p_person uuid, p_student uuid) returns TABLE(circle text, id uuid) language sql stable
-- function lyceum.addresses(p_school integer, p_person uuid) returns TABLE(address text, student_id uuid) language sql stable
-- function lyceum.after_quiet_hours(p_at timestamp with time zone, p_from time without time zone, p_to time without time zone, p_zone text) returns timestamp with time zone language plpgsql stable
-- function lyceum.announcement_circles(p_audience text[], p_starts_at timestamp with time zone) returns TABLE(circle text, id uuid) language sql stable
-- function lyceum.announcement_readers(p_school integer, p_announcement uuid, p_classes uuid[]) returns TABLE(person_id uuid, member text, student_id uuid, class_id uuid, state text, read_at timestamp with time zone, acknowledged_at timestamp with time zone) language sql stable
-- function lyceum.anomalies(p_school integer, p_year uuid, p_first date, p_last date, p_reader uuid, p_teacher uuid, p_class uuid, p_section uuid) returns jsonb language plpgsql stable set plan_cache_mode=force_custom_plan set jit=off set work_mem=16MB
-- function lyceum.apply_correction() returns trigger language plpgsql
-- function lyceum.apply_proposal(p_proposal profile_proposals) returns void language plpgsql
-- function lyceum.appoint_class_teacher() returns trigger language plpgsql
-- function lyceum.are_addresses(p_addresses text[]) returns boolean language sql immutable parallel safe
-- function lyceum.are_classmates(p_school integer, p_student uuid, p_other uuid) returns boolean language plpgsql stable
-- function lyceum.are_texts(p_texts text[], p_count integer, p_length integer) returns boolean language sql immutable parallel safe
-- function lyceum.ask_email_code(p_school integer, p_person uuid, p_id uuid, p_address text) returns void language plpgsql for PUBLIC, lyceum_app
-- function lyceum.attendance_refusal(p_school integer, p_lesson uuid, p_student uuid) returns text language plpgsql stable
-- function lyceum.attendance_refusals(p_school integer, p_lessons uuid[], p_students uuid[]) returns TABLE(ordinal bigint, refusal text) language plpgsql stable set plan_cache_mode=force_generic_plan
-- function lyceum.attendance_totals(p_school integer, p_students uuid[], p_from date, p_to date, p_class uuid DEFAULT NULL::uuid) returns TABLE(student_id uuid, days integer, missed_days integer, absent_days integer, ill_days integer, excused_days integer, unexcused_days integer, lessons integer, missed integer, absent integer, ill integer, excused integer, unexcused integer, late integer, unknown integer) language plpgsql stable set plan_cache_mode=force_generic_plan
-- function lyceum.attended_lessons(p_school integer, p_students uuid[], p_from date, p_to date) returns TABLE(student_id uuid, date date, lesson_id uuid, section_id uuid, starts_at time without time zone, is_over boolean, attendance_id uuid, meaning text, minutes smallint, status text) language plpgsql stable set plan_cache_mode=force_generic_plan
-- function lyceum.audience(p_school integer, p_addresses text[]) returns json language sql stable
-- function lyceum.audit() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.audit_photo() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.audit_recovery_code() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.audit_recovery_codes() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.average_of_final(p_school integer, p_student uuid, p_subject uuid, p_year uuid, p_kind text, p_term uuid) returns numeric language plpgsql stable
-- function lyceum.begin_announcement(p_id uuid) returns void language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.begin_changes_anew(p_lower xid8) returns void language plpgsql set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.begin_thread(p_student uuid, p_recipients uuid[], p_subject text, p_text text) returns uuid language plpgsql
-- function lyceum.begins_at(p_date date) returns timestamp with time zone language sql stable parallel safe
-- function lyceum.bells_on(p_school integer, p_bell_schedule uuid, p_grade_level smallint, p_date date) returns uuid language plpgsql stable
-- function lyceum.calendar_link_holds(p_school integer, p_owner uuid, p_student uuid, p_class uuid, p_teacher uuid) returns boolean language plpgsql stable
-- function lyceum.capacity(p_school integer, p_person uuid, p_student uuid) returns text language plpgsql stable
-- function lyceum.carried_marks(p_school integer, p_year uuid, p_students uuid[], p_published boolean) returns TABLE(student_id uuid, subject_id uuid, academic_year_id uuid, grade_level smallint, kind text, value_kind text, number smallint, code text) language sql stable
-- function lyceum.certificate_award(p_grade_level integer, p_fives bigint, p_fours bigint, p_others bigint, p_lacking bigint, p_results_70 bigint, p_results_60 bigint) returns text language sql immutable parallel safe
-- function lyceum.certificate_marks(p_school integer, p_year uuid, p_students uuid[]) returns TABLE(student_id uuid, subject_id uuid, basis text, value_kind text, number smallint, code text, total integer, marks integer) language sql stable set plan_cache_mode=force_generic_plan
-- function lyceum.change_epoch() returns text language plpgsql stable security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.change_horizon() returns pg_snapshot language plpgsql stable security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.check_acknowledgement() returns trigger language plpgsql
-- function lyceum.check_certificate() returns trigger language plpgsql
-- function lyceum.check_client_secret() returns trigger language plpgsql
-- function lyceum.check_completion() returns trigger language plpgsql
-- function lyceum.check_conduct_note() returns trigger language plpgsql
-- function lyceum.check_consent() returns trigger language plpgsql
-- function lyceum.check_contact() returns trigger language plpgsql
-- function lyceum.check_correction_item(p_item plan_correction_items) returns void language plpgsql stable
-- function lyceum.check_feedback() returns trigger language plpgsql
-- function lyceum.check_guardianship() returns trigger language plpgsql
-- function lyceum.check_homework_student() returns trigger language plpgsql
-- function lyceum.check_lesson_topic() returns trigger language plpgsql
-- function lyceum.check_lessons(p_school integer DEFAULT NULL::integer) returns TABLE(school_id integer, lesson_id uuid, problem text) language sql stable
-- function lyceum.check_line_item() returns trigger language plpgsql
-- function lyceum.check_marks(p_school integer DEFAULT NULL::integer) returns TABLE(school_id integer, mark_id uuid, problem text) language sql stable
-- function lyceum.check_members(p_school integer DEFAULT NULL::integer) returns TABLE(school_id integer, member_id uuid, problem text) language sql stable
-- function lyceum.check_message() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.check_own_role() returns trigger language plpgsql
-- function lyceum.check_participant() returns trigger language plpgsql
-- function lyceum.check_proposal() returns trigger language plpgsql
-- function lyceum.check_receipts() returns trigger language plpgsql
-- function lyceum.check_removed_homework_student() returns trigger language plpgsql
-- function lyceum.check_report_job() returns trigger language plpgsql
-- function lyceum.check_rewritten_attendance() returns trigger language plpgsql
-- function lyceum.check_rewritten_marks() returns trigger language plpgsql
-- function lyceum.check_thread() returns trigger language plpgsql
-- function lyceum.check_thread_report() returns trigger language plpgsql
-- function lyceum.check_timetable() returns trigger language plpgsql
-- function lyceum.check_webhook_delivery() returns trigger language plpgsql
-- function lyceum.check_webhook_endpoint() returns trigger language plpgsql
-- function lyceum.check_written_attendance() returns trigger language plpgsql
-- function lyceum.check_written_marks() returns trigger language plpgsql
-- function lyceum.check_year() returns trigger language plpgsql
-- function lyceum.chosen(p_choices jsonb, p_kind text, p_channel text, p_default boolean) returns boolean language sql immutable parallel safe for PUBLIC, lyceum_app
-- function lyceum.class_days(p_school integer, p_student uuid, p_class uuid) returns datemultirange language plpgsql stable
-- function lyceum.clear_line_item() returns trigger language plpgsql
-- function lyceum.close_first_absence(p_school integer, p_student uuid, p_from date, p_to date) returns void language plpgsql for its owner only
-- function lyceum.close_thread_report(p_report uuid, p_note text) returns boolean language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.compared_lessons(p_school integer, p_from date, p_to date, p_sections uuid[], p_days_off boolean) returns TABLE(outcome text, reason text, lesson_id uuid, entry_id uuid, section_id uuid, group_id uuid, date date, bell_schedule_id uuid, slot smallint, starts_at time without time zone, ends_at time without time zone, room_id uuid, own_room_id uuid, teacher_id uuid) language plpgsql stable
-- function lyceum.complete_correction_item() returns trigger language plpgsql
-- function lyceum.complete_lesson() returns trigger language plpgsql
-- function lyceum.composite_finals(p_school integer, p_year uuid, p_students uuid[], p_published boolean) returns TABLE(student_id uuid, subject_id uuid, kind text, number smallint) language sql stable
-- function lyceum.concerns_family(p_school integer, p_student uuid, p_entity text, p_id uuid) returns boolean language plpgsql stable
-- function lyceum.confirm_profile(p_student uuid) returns date language plpgsql
-- function lyceum.consent_holds(p_given_on date, p_withdrawn_on date) returns boolean language sql stable parallel safe
-- function lyceum.control_work(p_school integer, p_lesson uuid) returns TABLE(title text, category_id uuid, planned boolean, is_overridden boolean) language sql stable
-- function lyceum.control_work_reasons(p_school integer, p_lesson uuid) returns jsonb language plpgsql stable
-- function lyceum.copy_plan(p_plan uuid, p_section uuid, p_id uuid) returns uuid language plpgsql
-- function lyceum.copy_room() returns trigger language plpgsql
-- function lyceum.copy_subject_parts() returns trigger language plpgsql
-- function lyceum.correction_figures(p_school integer, p_correction uuid) returns TABLE(hours_before numeric, hours_after numeric, lessons_left integer) language plpgsql stable
-- function lyceum.counted_meaning(p_meaning text, p_decided_meaning text) returns text language sql immutable parallel safe
-- function lyceum.covers(p_starts_on date, p_ends_on date, p_first date, p_last date) returns boolean language sql immutable parallel safe
-- function lyceum.current_client_id() returns uuid language sql stable parallel safe
-- function lyceum.current_school() returns integer language sql stable parallel safe
-- function lyceum.current_user_id() returns uuid language sql stable parallel safe
-- function lyceum.decide_attendance_day() returns trigger language plpgsql
-- function lyceum.decides_attendance(p_school integer, p_user uuid, p_student uuid, p_date date) returns boolean language plpgsql stable
-- function lyceum.demand_class_teacher(p_school integer, p_student uuid, p_date date) returns void language plpgsql stable
-- function lyceum.demand_guardian(p_guardian uuid) returns void language plpgsql stable
-- function lyceum.demand_health(p_fields jsonb, p_student uuid) returns void language plpgsql stable
-- function lyceum.demand_person(p_person uuid) returns void language plpgsql stable
-- function lyceum.demand_question(p_school integer, p_person uuid, p_at_desk boolean, p_is_first boolean) returns void language plpgsql
-- function lyceum.demand_school_days(p_note absence_notes) returns void language plpgsql stable
-- function lyceum.demand_substitution_author(p_school integer) returns uuid language plpgsql stable
-- function lyceum.due_refusal(p_school integer, p_lesson uuid, p_due_on date) returns text language plpgsql stable
-- function lyceum.durable_snapshot() returns pg_snapshot language plpgsql stable for PUBLIC, lyceum_app
-- function lyceum.editable_until(p_date date, p_window smallint, p_marks_close_on date, p_unlocked_until date) returns date language sql immutable parallel safe
-- function lyceum.end_of_today() returns timestamp with time zone language sql stable
-- function lyceum.end_push_subscriptions() returns trigger language plpgsql
-- function lyceum.end_sessions_of_client() returns trigger language plpgsql
-- function lyceum.end_sessions_of_role() returns trigger language plpgsql
-- function lyceum.end_sessions_of_secret() returns trigger language plpgsql
-- function lyceum.ended_sessions(p_schools integer[], p_sessions uuid[]) returns SETOF uuid language plpgsql stable security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.enter_timetable() returns trigger language plpgsql
-- function lyceum.family_accounts(p_school integer, p_students uuid[]) returns TABLE(student_id uuid, account text, since date) language sql stable
-- function lyceum.family_announcement_read_at(p_school integer, p_student uuid, p_announcement uuid) returns timestamp with time zone language plpgsql stable set plan_cache_mode=force_generic_plan
-- function lyceum.family_announcements(p_school integer, p_students uuid[], p_since timestamp with time zone) returns TABLE(student_id uuid, announcement_id uuid) language sql stable
-- function lyceum.family_notifications(p_school integer, p_students uuid[]) returns TABLE(student_id uuid, notification_id uuid, kind text, entity text, entity_id uuid, is_urgent boolean, created_at timestamp with time zone, closed_at timestamp with time zone) language sql stable
-- function lyceum.family_read_at(p_school integer, p_student uuid, p_notification uuid) returns timestamp with time zone language plpgsql stable set plan_cache_mode=force_generic_plan
-- function lyceum.family_read_text(p_school integer, p_student uuid, p_announcement uuid) returns integer language sql stable
-- function lyceum.feedback_refusal(p_school integer, p_section uuid, p_lesson uuid, p_term uuid, p_student uuid, p_text text) returns text language plpgsql stable
-- function lyceum.fill_attendance() returns trigger language plpgsql
-- function lyceum.fill_attendance_days() returns trigger language plpgsql
-- function lyceum.fill_roll() returns trigger language plpgsql
-- function lyceum.final_bases(p_school integer, p_year uuid, p_subject uuid, p_term uuid, p_students uuid[], p_published boolean) returns TABLE(student_id uuid, marks integer, numbers integer, total integer, weighted numeric, weight numeric, minimum integer, lessons integer, missed integer) language plpgsql stable set plan_cache_mode=force_generic_plan
-- function lyceum.final_reason_refusal(p_school integer, p_student uuid, p_subject uuid, p_year uuid, p_term uuid, p_section uuid, p_value_kind text, p_code text, p_reason text, p_order uuid) returns text language plpgsql stable
-- function lyceum.final_refusal(p_school integer, p_student uuid, p_year uuid, p_kind text, p_term uuid, p_section uuid, p_source text, p_value_kind text, p_number integer, p_code text) returns text language plpgsql stable
-- function lyceum.final_seats(p_school integer, p_first date, p_last date) returns TABLE(section_id uuid, term_id uuid, student_id uuid, final_id uuid, number smallint, average numeric) language plpgsql stable set plan_cache_mode=force_custom_plan
-- function lyceum.find_settlement() returns trigger language plpgsql
-- function lyceum.first_version() returns trigger language plpgsql
-- function lyceum.follow_announcement() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.follow_consultation_message() returns trigger language plpgsql
-- function lyceum.follow_enrollment() returns trigger language plpgsql
-- function lyceum.follow_final_mark() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.follow_into_subgroups() returns trigger language plpgsql
-- function lyceum.forget_photos() returns void language sql
-- function lyceum.forget_targets() returns trigger language plpgsql
-- function lyceum.forgotten_contacts_before() returns date language sql stable
-- function lyceum.found_messages(p_words text) returns SETOF uuid language plpgsql stable security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.found_people(p_words text) returns SETOF uuid language plpgsql stable security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.from_microseconds(p_count bigint) returns timestamp with time zone language sql stable parallel safe
-- function lyceum.generate_lessons(p_from date, p_to date, p_sections uuid[], p_days_off boolean, p_dry_run boolean) returns TABLE(made integer, changed integer, removed integer, unchanged integer, kept integer, left_out integer, kept_lessons jsonb, left_out_lessons jsonb) language plpgsql
-- function lyceum.given_hours(p_school integer, p_topic uuid) returns integer language plpgsql stable
-- function lyceum.grade_level_in(p_school integer, p_student uuid, p_year uuid) returns smallint language plpgsql stable
-- function lyceum.grade_level_on(p_school integer, p_student uuid, p_date date) returns smallint language plpgsql stable
-- function lyceum.guard_absence_note() returns trigger language plpgsql
-- function lyceum.guard_announcement() returns trigger language plpgsql
-- function lyceum.guard_announcement_receipt() returns trigger language plpgsql
-- function lyceum.guard_class_group() returns trigger language plpgsql
-- function lyceum.guard_conduct_mark() returns trigger language plpgsql
-- function lyceum.guard_consultation() returns trigger language plpgsql
-- function lyceum.guard_consultation_message() returns trigger language plpgsql
-- function lyceum.guard_correction() returns trigger language plpgsql
-- function lyceum.guard_debt_attempt() returns trigger language plpgsql
-- function lyceum.guard_debt_attempt_deletion() returns trigger language plpgsql
-- function lyceum.guard_first_day() returns trigger language plpgsql
-- function lyceum.guard_grading() returns trigger language plpgsql
-- function lyceum.guard_member() returns trigger language plpgsql
-- function lyceum.guard_plan() returns trigger language plpgsql
-- function lyceum.guard_remark() returns trigger language plpgsql
-- function lyceum.guard_second_half() returns trigger language plpgsql
-- function lyceum.guard_second_half_of_finals() returns trigger language plpgsql
-- function lyceum.guard_subject_part() returns trigger language plpgsql
-- function lyceum.guard_substitution() returns trigger language plpgsql
-- function lyceum.guard_unlock() returns trigger language plpgsql
-- function lyceum.guardian_addresses(p_school integer, p_student uuid) returns text[] language sql stable
-- function lyceum.half_up(p_sum bigint, p_count bigint) returns smallint language sql immutable parallel safe
-- function lyceum.handles_report(p_school integer, p_thread uuid, p_person uuid) returns boolean language plpgsql stable
-- function lyceum.has_charge(p_school integer, p_person uuid, p_student uuid) returns boolean language plpgsql stable
-- function lyceum.has_consent(p_school integer, p_student uuid, p_purpose text) returns boolean language sql stable
-- function lyceum.has_control_work(p_school integer, p_lesson uuid, p_overridden_only boolean DEFAULT false) returns boolean language plpgsql stable
-- function lyceum.has_expired(p_epoch text, p_since pg_snapshot) returns boolean language plpgsql stable security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.has_role(VARIADIC p_roles text[]) returns boolean language sql stable
-- function lyceum.has_scope(VARIADIC p_scopes text[]) returns boolean language sql stable
-- function lyceum.hears(p_school integer, p_person uuid, p_student uuid) returns boolean language plpgsql stable for PUBLIC, lyceum_app
-- function lyceum.hold_first_absence(p_school integer, p_student uuid) returns void language sql
-- function lyceum.hold_homework() returns trigger language plpgsql
-- function lyceum.hold_sections(p_school integer, p_line_items uuid[], p_lessons uuid[]) returns void language plpgsql
-- function lyceum.hold_student() returns trigger language plpgsql
-- function lyceum.holds(p_starts_on date, p_ends_on date, p_day date) returns boolean language sql immutable parallel safe
-- function lyceum.holds_between(p_starts_on date, p_ends_on date, p_first date, p_last date) returns boolean language sql immutable parallel safe
-- function lyceum.homework_refusal(p_school integer, p_lesson uuid, p_due_on date) returns text language plpgsql stable
-- function lyceum.informed(p_school integer, p_students uuid[], p_from date, p_to date) returns TABLE(student_id uuid, date date, informed_at timestamp with time zone, means text, entity text, entity_id uuid, author_id uuid, is_read boolean, read_at timestamp with time zone, version integer, read_version integer) language plpgsql stable set plan_cache_mode=force_generic_plan
-- function lyceum.informs_family(p_student uuid) returns boolean language sql stable
-- function lyceum.is_a_mark(p_school integer, p_text text) returns boolean language plpgsql stable
-- function lyceum.is_announced_to_family(p_school integer, p_student uuid, p_announcement uuid) returns boolean language plpgsql stable
-- function lyceum.is_at_end(p_ends_on date, p_to date, p_year_ends_on date) returns boolean language sql immutable parallel safe
-- function lyceum.is_at_start(p_starts_on date, p_from date, p_year_starts_on date) returns boolean language sql immutable parallel safe
-- function lyceum.is_before_marks(p_grade_level smallint, p_day date, p_second_half_starts_on date) returns boolean language sql immutable parallel safe
-- function lyceum.is_class_teacher(p_school integer, p_user uuid, p_student uuid, p_date date) returns boolean language plpgsql stable
-- function lyceum.is_concealed(p_school integer, p_entity text, p_id uuid) returns boolean language sql stable for PUBLIC, lyceum_app
-- function lyceum.is_concerned(p_school integer, p_person uuid, p_student uuid) returns boolean language plpgsql stable
-- function lyceum.is_control(p_school integer, p_category uuid) returns boolean language plpgsql stable
-- function lyceum.is_debt(p_kind text, p_number smallint, p_code text, p_terms boolean) returns boolean language sql immutable parallel safe
-- function lyceum.is_decided_elsewhere(p_school integer, p_id uuid, p_student uuid, p_lesson uuid, p_meaning text, p_reason text, p_decided_at timestamp with time zone) returns boolean language plpgsql stable
-- function lyceum.is_due(p_state text, p_date date, p_ends_at time without time zone) returns boolean language sql stable parallel safe
-- function lyceum.is_first_lesson(p_school integer, p_student uuid, p_date date, p_starts_at time without time zone) returns boolean language plpgsql stable
-- function lyceum.is_member(p_school integer, p_section uuid, p_student uuid, p_date date) returns boolean language plpgsql stable
-- function lyceum.is_missed(p_meaning text) returns boolean language sql immutable parallel safe
-- function lyceum.is_over(p_date date, p_ends_at time without time zone) returns boolean language sql stable parallel safe
-- function lyceum.is_own_family(p_school integer, p_person uuid, p_student uuid) returns boolean language sql stable
-- function lyceum.is_own_final(p_school integer, p_final uuid) returns boolean language plpgsql stable
-- function lyceum.is_own_guardian(p_guardian uuid) returns boolean language sql stable
-- function lyceum.is_reached(p_school integer, p_person uuid, p_audience text[]) returns boolean language plpgsql stable
-- function lyceum.is_recent(p_seen pg_snapshot, p_seen_at timestamp with time zone) returns boolean language sql stable for PUBLIC, lyceum_app
-- function lyceum.is_running(p_starts_at timestamp with time zone, p_ends_at timestamp with time zone) returns boolean language sql stable parallel safe
-- function lyceum.is_set_for(p_school integer, p_homework uuid, p_student uuid) returns boolean language plpgsql stable
-- function lyceum.is_shown(p_days datemultirange, p_written_at timestamp with time zone) returns boolean language sql stable
-- function lyceum.is_snils(p_number text) returns boolean language sql immutable parallel safe
-- function lyceum.is_staff(p_school integer, p_user uuid) returns boolean language plpgsql stable
-- function lyceum.is_still_true(p_school integer, p_time_zone text, p_user uuid, p_client uuid, p_session uuid, p_gate text, p_subject uuid, p_reads_all boolean, p_snapshot pg_snapshot, p_until timestamp with time zone, p_circles text[], p_ids uuid[]) returns boolean language plpgsql stable security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.is_told_again(p_announcement announcements) returns boolean language sql immutable
-- function lyceum.is_topic_of(p_school integer, p_section uuid, p_topic uuid) returns boolean language plpgsql stable
-- function lyceum.is_working_day(p_school integer, p_day date) returns boolean language plpgsql stable
-- function lyceum.journal_control(p_school integer, p_year uuid, p_first date, p_last date) returns jsonb language plpgsql stable set plan_cache_mode=force_custom_plan set jit=off set work_mem=16MB
-- function lyceum.keep_class_group() returns trigger language plpgsql
-- function lyceum.keep_consultation() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.keep_control_snapshot() returns trigger language plpgsql
-- function lyceum.keep_entries_in_year() returns trigger language plpgsql
-- function lyceum.keep_homework_due() returns trigger language plpgsql
-- function lyceum.keep_in_class() returns trigger language plpgsql
-- function lyceum.keep_plan_content() returns trigger language plpgsql
-- function lyceum.keep_pseudonym_key() returns void language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.keep_recorded_days() returns trigger language plpgsql
-- function lyceum.keep_recorded_lesson() returns trigger language plpgsql
-- function lyceum.keep_timetable_date() returns trigger language plpgsql
-- function lyceum.keeps_absence_note(p_note uuid) returns boolean language plpgsql stable
-- function lyceum.keeps_contact(p_contact uuid) returns boolean language plpgsql stable
-- function lyceum.keeps_guardian(p_guardian uuid) returns boolean language sql stable
-- function lyceum.keeps_remark(p_remark uuid) returns boolean language plpgsql stable for PUBLIC, lyceum_app
-- function lyceum.keeps_student(p_student uuid) returns boolean language sql stable
-- function lyceum.kept_lessons(p_school integer, p_first date, p_last date) returns TABLE(lesson_id uuid, date date, section_id uuid, subject_id uuid, class_id uuid, teacher_id uuid, has_topic boolean, has_roll boolean, counts_homework boolean, has_homework boolean, is_late_topic boolean, is_late_homework boolean, is_late_roll boolean, late_marks integer) language plpgsql stable set plan_cache_mode=force_custom_plan
-- function lyceum.knows_homework(p_school integer, p_student uuid, p_homework uuid) returns boolean language plpgsql stable
-- function lyceum.knows_person(p_school integer, p_teacher uuid, p_person uuid) returns boolean language plpgsql stable
-- function lyceum.lacks_certificate_mark(p_value_kind text, p_number smallint, p_code text) returns boolean language sql immutable parallel safe
-- function lyceum.lacks_second_factor(p_school integer, p_user uuid) returns boolean language plpgsql stable
-- function lyceum.last_transaction() returns xid8 language sql stable parallel safe for PUBLIC, lyceum_app
-- function lyceum.lasts(p_ends_on date, p_day date) returns boolean language sql immutable parallel safe
-- function lyceum.lead_teachers(p_school integer, p_day date) returns TABLE(section_id uuid, teacher_id uuid) language sql stable
-- function lyceum.leads_member(p_school integer, p_user uuid, p_section uuid) returns boolean language plpgsql stable
-- function lyceum.leads_student(p_student uuid) returns boolean language sql stable
-- function lyceum.learned_subjects(p_school integer, p_year uuid, p_students uuid[]) returns TABLE(student_id uuid, subject_id uuid) language sql stable
-- function lyceum.least_marks(p_school integer, p_kind text) returns integer[] language sql stable
-- function lyceum.leave_thread(p_thread uuid) returns boolean language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.led_addresses(p_school integer, p_person uuid) returns text[] language sql stable
-- function lyceum.led_days(p_school integer, p_user uuid, p_student uuid) returns datemultirange language plpgsql stable
-- function lyceum.led_ids(p_school integer, p_user uuid, p_today boolean) returns uuid[] language plpgsql stable
-- function lyceum.led_pupils(p_school integer, p_user uuid) returns TABLE(student_id uuid, days datemultirange) language sql stable
-- function lyceum.led_sections(p_school integer, p_user uuid) returns TABLE(section_id uuid, until date) language sql stable
-- function lyceum.led_until(p_school integer, p_user uuid, p_section uuid) returns date language plpgsql stable
-- function lyceum.lesson_collisions(p_school integer, p_lesson uuid, p_section uuid, p_merge uuid, p_date date, p_starts_at time without time zone, p_ends_at time without time zone, p_teacher uuid, p_room uuid) returns TABLE(kind text, other_lesson_id uuid, name text) language sql stable
-- function lyceum.lesson_editable_until(p_school integer, p_lesson uuid) returns date language plpgsql stable
-- function lyceum.lesson_has_records(p_school integer, p_lesson uuid) returns boolean language plpgsql stable
-- function lyceum.lesson_is_referenced(p_school integer, p_lesson uuid) returns boolean language plpgsql stable
-- function lyceum.lesson_locked_reason(p_school integer, p_lesson uuid) returns text language plpgsql stable
-- function lyceum.lesson_record(p_school integer, p_lesson uuid) returns text language plpgsql stable
-- function lyceum.lesson_refusal(p_school integer, p_lesson uuid) returns text language plpgsql stable
-- function lyceum.lesson_stands(p_school integer, p_entry uuid, p_section uuid, p_date date, p_starts_at time without time zone, p_ends_at time without time zone) returns boolean language plpgsql stable
-- function lyceum.lessons_left(p_school integer, p_section uuid, p_from date) returns TABLE(number integer, date date, lesson_id uuid) language plpgsql stable
-- function lyceum.lessons_with_control_work(p_school integer, p_from date, p_to date, p_class uuid, p_individual boolean) returns TABLE(lesson_id uuid, date date, slot smallint, starts_at time without time zone, ends_at time without time zone, section_id uuid, section_name text, subject_id uuid, group_id uuid, group_name text, grade_level smallint) language sql stable
-- function lyceum.limit_push_subscriptions() returns trigger language plpgsql
-- function lyceum.line_item_deletion_refusal(p_school integer, p_line_item uuid) returns text language plpgsql stable
-- function lyceum.local_day(p_moment timestamp with time zone) returns date language sql stable parallel safe
-- function lyceum.local_moment(p_date date, p_time time without time zone) returns text language sql stable parallel safe
-- function lyceum.local_time(p_moment timestamp with time zone) returns text language sql stable parallel safe
-- function lyceum.lock_control_works(p_school integer) returns void language sql
-- function lyceum.lock_reason(p_state text, p_date date, p_editable_until date, p_today date) returns text language sql immutable parallel safe
-- function lyceum.lock_timetable(p_school integer) returns void language sql
-- function lyceum.log_absence_notes() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_academic_years() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_acknowledgements() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_announcements() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_attendance() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_attendance_codes() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_attendance_days() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_bell_schedules() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_bell_slots() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_calendar_links() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_categories() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_certificates() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- procedure lyceum.log_changes(IN p_table text, IN p_circles text[], IN p_entity text DEFAULT NULL::text, IN p_id text DEFAULT 'r.id'::text, IN p_moves boolean DEFAULT true, IN p_published text DEFAULT NULL::text, IN p_gone text DEFAULT 'false'::text, IN p_names text DEFAULT NULL::text, IN p_also text[] DEFAULT '{}'::text[], IN p_days text[] DEFAULT NULL::text[]) language plpgsql set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_class_teachers() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_classes() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_clients() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_conduct_marks() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_conduct_notes() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_consents() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_consultation_messages() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_consultations() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_contacts() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_control_snapshots() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_curriculum_plans() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_day() returns boolean language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.log_days_class_teachers(p_last date, p_today date) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_days_consents(p_last date, p_today date) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_days_enrollments(p_last date, p_today date) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_days_group_members(p_last date, p_today date) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_days_guardianships(p_last date, p_today date) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_days_section_teachers(p_last date, p_today date) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_debt_attempts() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_debts() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_email_addresses() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_enrollments() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_feedback() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_final_marks() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_group_members() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_groups() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_guardians() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_guardianships() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_holidays() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_homework() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_homework_completions() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_homework_students() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_journal_remarks() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_lessons() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_line_items() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_marks() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_notification_preferences() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_orders() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_plan_corrections() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_profile_proposals() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_promotions() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_push_subscriptions() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_rooms() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_school_settings() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_schools() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_section_teachers() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_sections() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_staff() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_student_documents() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_student_photos() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_students() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_subject_parts() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_subjects() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_substitutions() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_terms() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_timetable_entries() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_transferred_marks() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_unlocks() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_user_roles() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_users() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.log_webhook_endpoints() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.logged_ids(p_sources text[]) returns text language sql immutable for its owner only
-- function lyceum.lost_finals(p_school integer, p_student uuid, p_year uuid) returns TABLE(date date, what text, name text, section_id uuid, lesson_id uuid) language plpgsql stable
-- function lyceum.lost_records(p_school integer, p_student uuid, p_groups uuid[], p_days datemultirange) returns TABLE(date date, what text, name text, section_id uuid, lesson_id uuid) language plpgsql stable
-- function lyceum.make_calendar_link() returns trigger language plpgsql
-- function lyceum.make_substitution() returns trigger language plpgsql
-- function lyceum.mark_norms(p_school integer, p_first date, p_last date) returns TABLE(section_id uuid, term_id uuid, norm integer, due integer, lessons integer, expected numeric) language plpgsql stable set plan_cache_mode=force_custom_plan
-- function lyceum.mark_refusal(p_school integer, p_line_item uuid, p_student uuid, p_kind text, p_number integer, p_code text) returns text language plpgsql stable
-- function lyceum.mark_refusals(p_school integer, p_line_items uuid[], p_students uuid[], p_kinds text[], p_numbers integer[], p_codes text[], p_due_ons date[], p_debts date[]) returns TABLE(ordinal bigint, refusal text) language plpgsql stable set plan_cache_mode=force_generic_plan
-- function lyceum.mark_value(p_kind text, p_number smallint, p_code text, p_due_on date) returns json language sql stable parallel safe
-- function lyceum.marked_seats(p_school integer, p_first date, p_last date) returns TABLE(section_id uuid, student_id uuid, marks integer) language plpgsql stable set plan_cache_mode=force_custom_plan
-- function lyceum.marks_for_target(p_sum numeric, p_weight numeric, p_number integer, p_mark_weight numeric, p_least numeric) returns bigint language sql immutable parallel safe
-- function lyceum.marks_with_absence(p_school integer, p_first date, p_last date) returns TABLE(mark_id uuid, lesson_id uuid, section_id uuid, student_id uuid, meaning text, is_made_up boolean) language plpgsql stable set plan_cache_mode=force_custom_plan
-- function lyceum.masked(p_number text) returns text language sql immutable parallel safe
-- function lyceum.may_answer(p_school integer, p_thread uuid, p_person uuid) returns boolean language plpgsql stable
-- function lyceum.may_consent(p_school integer, p_student uuid, p_purpose text, p_giver uuid, p_day date) returns boolean language plpgsql stable
-- function lyceum.may_note(p_school integer, p_user uuid, p_student uuid, p_lesson uuid, p_date date) returns boolean language plpgsql stable
-- function lyceum.may_send(p_school integer, p_person uuid, p_kind text, p_channel text, p_urgent boolean, p_at timestamp with time zone) returns timestamp with time zone language plpgsql stable security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.may_write(p_school integer, p_sender uuid, p_recipient uuid, p_student uuid) returns boolean language plpgsql stable
-- function lyceum.microseconds(p_moment timestamp with time zone) returns bigint language sql immutable parallel safe
-- function lyceum.moment(p_moment timestamp with time zone) returns text language sql immutable parallel safe
-- function lyceum.move_absence(p_absence attendance, p_lesson uuid) returns void language plpgsql
-- function lyceum.move_control_work() returns trigger language plpgsql
-- function lyceum.move_feedback(p_feedback feedback, p_lesson uuid) returns void language plpgsql
-- function lyceum.move_mark(p_mark marks, p_lesson uuid) returns void language plpgsql
-- function lyceum.move_record(p_school integer, p_student uuid, p_what text, p_from uuid, p_to uuid) returns text language plpgsql
-- function lyceum.move_records(p_student uuid, p_class uuid, p_from date, p_reason text) returns TABLE(date date, what text, name text, section_id uuid, lesson_id uuid, to_name text, to_section_id uuid, to_lesson_id uuid, refusal text) language plpgsql
-- function lyceum.movements(p_school integer, p_from date, p_to date) returns TABLE(enrollment_id uuid, student_id uuid, class_id uuid, kind text, day date, other_class_id uuid, order_id uuid, reason text) language sql stable set plan_cache_mode=force_custom_plan
-- function lyceum.moves_records() returns boolean language sql stable
-- function lyceum.mute_thread(p_thread uuid, p_is_muted boolean) returns boolean language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.name_matches(p_name text, p_query text) returns boolean language sql immutable parallel safe
-- function lyceum.news_of(p_school integer, p_delivery uuid) returns TABLE(id uuid, kind text, created_at timestamp with time zone, due_at timestamp with time zone) language sql stable for PUBLIC, lyceum_app
-- function lyceum.next_meeting(p_school integer, p_section uuid, p_after date) returns date language plpgsql stable
-- function lyceum.next_name(p_name text, p_from smallint, p_to integer) returns text language sql immutable parallel safe
-- function lyceum.next_topic(p_school integer, p_section uuid) returns uuid language plpgsql stable
-- function lyceum.nobody() returns uuid language sql immutable parallel safe
-- function lyceum.normalise_login() returns trigger language plpgsql
-- function lyceum.notification_kinds() returns TABLE(kind text, push boolean, mail boolean) language sql immutable for PUBLIC, lyceum_app
-- function lyceum.notifications_for(p_school integer, p_person uuid) returns SETOF notifications language sql stable for PUBLIC, lyceum_app
-- function lyceum.notifications_since(p_since pg_snapshot) returns SETOF notifications language sql stable for PUBLIC, lyceum_app
-- function lyceum.notify() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.notify_of_absence(p_school integer, p_attendance uuid) returns void language plpgsql for its owner only
-- function lyceum.notify_of_homework(p_school integer, p_homework uuid, p_student uuid) returns void language plpgsql for its owner only
-- function lyceum.notify_of_lesson(p_school integer, p_kind text, p_entity text, p_id uuid, p_sections uuid[], p_days date[], p_teachers uuid[]) returns void language sql for its owner only
-- function lyceum.notify_of_moved_lesson() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.notify_of_named_students() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.notify_of_remark() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.notify_of_substitution(p_school integer, p_substitution uuid) returns void language plpgsql for its owner only
-- function lyceum.open_school() returns trigger language plpgsql
-- function lyceum.outside_class(p_school integer) returns TABLE(id uuid, student_id uuid, class_id uuid, field text) language sql stable
-- function lyceum.overdue_before(p_school integer) returns timestamp with time zone language plpgsql stable
-- function lyceum.participant_days(p_school integer, p_thread uuid, p_person uuid) returns datemultirange language plpgsql stable
-- function lyceum.past_snapshot(p_seen pg_snapshot) returns pg_snapshot language sql stable for PUBLIC, lyceum_app
-- function lyceum.pays_debt(p_debt date, p_kind text, p_code text, p_today date, p_marks_close_on date) returns boolean language sql immutable parallel safe
-- function lyceum.percent(p_part bigint, p_whole bigint) returns numeric language sql immutable parallel safe
-- function lyceum.percent_of(p_part numeric, p_whole numeric) returns numeric language sql immutable parallel safe
-- function lyceum.place_holiday() returns trigger language plpgsql
-- function lyceum.place_lessons() returns trigger language plpgsql
-- function lyceum.place_member() returns trigger language plpgsql
-- function lyceum.place_term() returns trigger language plpgsql
-- function lyceum.place_timetable_entry() returns trigger language plpgsql
-- function lyceum.place_year() returns trigger language plpgsql
-- function lyceum.plain_basis(p_basis text) returns text language sql immutable parallel safe
-- function lyceum.plan_content(p_school integer, p_plan uuid) returns text[] language plpgsql stable
-- function lyceum.plan_control_work() returns trigger language plpgsql
-- function lyceum.plan_coverage(p_school integer, p_year uuid, p_day date) returns TABLE(section_id uuid, plan_id uuid, hours numeric, given_hours numeric, planned_hours numeric) language plpgsql stable set plan_cache_mode=force_custom_plan
-- function lyceum.plan_deliveries(p_channel text, p_mail_interval interval) returns void language plpgsql for PUBLIC, lyceum_app
-- function lyceum.plan_progress(p_school integer, p_section uuid, p_plan uuid, p_day date) returns TABLE(topic_id uuid, "position" smallint, hours numeric, held integer, begins_on date, planned_hours numeric) language plpgsql stable
-- procedure lyceum.protect(IN p_table regclass, IN p_privileges text) language plpgsql for its owner only
-- function lyceum.pseudonym(p_id uuid, p_inner bytea, p_outer bytea) returns uuid language sql immutable parallel safe for lyceum_app
-- function lyceum.pseudonym_block(p_key bytea, p_side text) returns bytea language plpgsql immutable parallel safe strict for lyceum_app
-- function lyceum.publish(p_table text, p_id uuid) returns boolean language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.publish_conduct_notes(p_ids uuid[]) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.publish_debts(p_ids uuid[]) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.publish_feedback(p_ids uuid[]) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.publish_final_marks(p_ids uuid[]) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.publish_later() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.publish_marks(p_ids uuid[]) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.pupil_addresses(p_school integer, p_student uuid) returns TABLE(place text) language sql stable
-- function lyceum.rates(p_n5 bigint, p_n4 bigint, p_n3 bigint, p_n2 bigint, p_n1 bigint, p_not_assessed bigint) returns TABLE(assessed bigint, achievement_percent numeric, quality_percent numeric, learning_percent numeric, average numeric) language sql immutable parallel safe
-- function lyceum.reached_by(p_school integer, p_audience text[]) returns TABLE(person_id uuid, member text, student_id uuid, class_id uuid) language sql stable
-- function lyceum.read_thread(p_thread uuid, p_sequence integer) returns boolean language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.reading_days(p_school integer, p_thread uuid, p_person uuid, p_capacity text, p_student uuid) returns datemultirange language plpgsql stable
-- function lyceum.reads_report(p_school integer, p_thread uuid, p_person uuid) returns boolean language plpgsql stable
-- function lyceum.reads_section(p_school integer, p_user uuid, p_section uuid) returns boolean language plpgsql stable
-- function lyceum.reads_thread(p_school integer, p_thread uuid, p_person uuid) returns boolean language plpgsql stable
-- function lyceum.recipients(p_school integer, p_person uuid, p_student uuid) returns TABLE(person_id uuid, student_id uuid) language sql stable
-- function lyceum.record_attendance() returns trigger language plpgsql
-- function lyceum.record_attendance_history() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.record_audit(p_action text, p_entity text, p_entity_id uuid, p_details jsonb DEFAULT NULL::jsonb) returns void language sql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.record_call_list(p_students uuid[]) returns void language sql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.record_document_reading(p_document uuid) returns void language sql security definer set search_path=pg_catalog, pg_temp
-- function lyceum.record_final_mark() returns trigger language plpgsql
-- function lyceum.record_final_mark_history() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.record_homework() returns trigger language plpgsql
-- function lyceum.record_issue_to_family() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.record_lesson() returns trigger language plpgsql
-- function lyceum.record_line_item() returns trigger language plpgsql
-- function lyceum.record_mark() returns trigger language plpgsql
-- function lyceum.record_mark_history() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.record_photo_reading(p_student uuid) returns void language sql security definer set search_path=pg_catalog, pg_temp
-- function lyceum.record_proposal_reading(p_proposal uuid) returns void language sql security definer set search_path=pg_catalog, pg_temp
-- function lyceum.record_reading(p_student uuid) returns void language plpgsql security definer set search_path=pg_catalog, pg_temp
-- function lyceum.record_reading(p_student uuid, p_entity text, p_id uuid) returns void language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.record_readings(p_students uuid[]) returns void language sql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.record_refusal(p_school integer, p_section uuid, p_lesson uuid, p_student uuid) returns text language plpgsql stable
-- function lyceum.record_thread_reading(p_thread uuid, p_what text) returns void language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.record_transferred_mark() returns trigger language plpgsql
-- function lyceum.record_transferred_mark_history() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.refusal_state(p_refusal text) returns text language sql immutable parallel safe
-- function lyceum.refuse_closed_year(p_section sections) returns void language plpgsql
-- function lyceum.refuse_collisions(p_school integer, p_entries uuid[], p_kinds text[], p_field text DEFAULT NULL::text, p_other_slots_only boolean DEFAULT false) returns void language plpgsql
-- function lyceum.refuse_control_work(p_school integer, p_lesson uuid) returns void language plpgsql
-- function lyceum.refuse_lesson_collisions(p_school integer, p_lesson uuid, p_section uuid, p_merge uuid, p_date date, p_starts_at time without time zone, p_ends_at time without time zone, p_teacher uuid, p_room uuid) returns void language plpgsql
-- function lyceum.refuse_lost_records(p_records jsonb, p_starts_on date, p_ends_on date) returns void language plpgsql immutable
-- function lyceum.refuse_move() returns trigger language plpgsql
-- function lyceum.refuse_substituted() returns trigger language plpgsql
-- function lyceum.refuse_substitution(p_rule text, p_detail text) returns void language plpgsql
-- function lyceum.refused_address(p_audience text[]) returns text language plpgsql stable
-- function lyceum.renumber_notifications(p_most integer) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.reopening_days() returns integer language sql immutable parallel safe
-- function lyceum.represents(p_school integer, p_person uuid, p_student uuid) returns boolean language plpgsql stable
-- function lyceum.require_manager() returns trigger language plpgsql
-- function lyceum.require_no_school() returns void language plpgsql stable
-- function lyceum.require_session() returns void language plpgsql stable
-- function lyceum.result_of(p_n5 bigint, p_n4 bigint, p_n3 bigint, p_failed bigint, p_missing bigint) returns text language sql immutable parallel safe
-- function lyceum.roll_over(p_from uuid, p_to uuid, p_assume_promoted boolean) returns TABLE(kind text, made integer, pupils jsonb) language plpgsql
-- function lyceum.rolled_classes(p_from uuid, p_to uuid) returns TABLE(old_class uuid, new_class uuid, grade_level smallint) language sql stable
-- function lyceum.rolled_students(p_from uuid, p_to uuid, p_assume_promoted boolean) returns TABLE(enrollment uuid, ends_on date, student_id uuid, in_class_group boolean, class_id uuid, name text, decision text, target uuid) language sql stable
-- function lyceum.rounded_average(p_sum numeric, p_weight numeric, p_threshold numeric) returns smallint language sql immutable parallel safe
-- function lyceum.same_lesson(p_school integer, p_student uuid, p_lesson uuid) returns uuid language plpgsql stable
-- function lyceum.seats(p_school integer, p_year uuid, p_kind text, p_term uuid, p_class uuid, p_sections uuid[], p_published boolean) returns TABLE(kind text, term_id uuid, student_id uuid, class_id uuid, grade_level smallint, section_id uuid, subject_id uuid, final_mark_id uuid, number smallint, code text, is_first boolean) language sql stable
-- function lyceum.section_meets(p_school integer, p_section uuid, p_date date) returns boolean language plpgsql stable
-- function lyceum.section_plan(p_school integer, p_section uuid) returns uuid language plpgsql stable
-- function lyceum.seen_students(p_school integer, p_user uuid) returns TABLE(student_id uuid) language sql stable
-- function lyceum.sees_contact(p_student uuid, p_guardian uuid, p_author uuid) returns boolean language sql stable
-- function lyceum.sees_health(p_student uuid) returns boolean language sql stable
-- function lyceum.sees_photo(p_student uuid) returns boolean language sql stable
-- function lyceum.sees_profile(p_student uuid) returns boolean language sql stable
-- function lyceum.sees_remark(p_section uuid) returns boolean language plpgsql stable for PUBLIC, lyceum_app
-- function lyceum.sees_student(p_school integer, p_user uuid, p_student uuid) returns boolean language plpgsql stable
-- function lyceum.settle_batch(p_partial boolean) returns void language plpgsql stable
-- function lyceum.settle_debt() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.settle_promotion() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.settle_rollover(p_dry boolean) returns void language plpgsql stable
-- function lyceum.settles_debt(p_school integer, p_final uuid, p_value_kind text, p_number smallint, p_code text, p_order uuid) returns boolean language plpgsql stable
-- function lyceum.share_student(p_school integer, p_group uuid, p_day date, p_other_group uuid, p_other_day date) returns boolean language plpgsql stable
-- function lyceum.shifted_topics(p_school integer, p_section uuid, p_plan uuid, p_from date) returns TABLE(topic_id uuid, "position" smallint, hours_left numeric, planned_on date, planned_week smallint) language plpgsql stable
-- function lyceum.shown_average(p_sum numeric, p_weight numeric) returns numeric language sql immutable parallel safe
-- function lyceum.shown_days(p_school integer, p_thread uuid, p_person uuid) returns datemultirange language plpgsql stable
-- function lyceum.shown_until(p_starts_at timestamp with time zone, p_ends_at timestamp with time zone, p_withdrawn_at timestamp with time zone) returns timestamp with time zone language sql immutable parallel safe
-- function lyceum.split_changes(p_lower xid8, p_upper xid8) returns void language plpgsql set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.spread_room() returns trigger language plpgsql
-- function lyceum.staff_addresses(p_school integer) returns TABLE(person_id uuid, address text) language sql stable
-- function lyceum.staff_circles(p_school integer, p_user uuid) returns TABLE(circle text, id uuid) language sql stable
-- function lyceum.stamp_homework() returns trigger language plpgsql
-- function lyceum.standing(p_school integer, p_person uuid) returns text language sql stable security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.student_circles(p_school integer, p_student uuid) returns TABLE(circle text, id uuid) language sql stable
-- function lyceum.student_results(p_school integer, p_year uuid, p_kind text, p_term uuid, p_class uuid, p_published boolean) returns TABLE(kind text, term_id uuid, student_id uuid, class_id uuid, grade_level smallint, n5 bigint, n4 bigint, n3 bigint, n2 bigint, n1 bigint, fail bigint, not_assessed bigint, missing bigint, result text, only_four uuid, only_three uuid) language sql stable
-- function lyceum.student_years(p_school integer, p_year uuid, p_students uuid[]) returns TABLE(student_id uuid, academic_year_id uuid, grade_level smallint, starts_on date) language sql stable
-- function lyceum.take_back_substitution() returns trigger language plpgsql
-- function lyceum.take_control_snapshot() returns trigger language plpgsql
-- function lyceum.take_control_snapshots() returns integer language plpgsql for PUBLIC, lyceum_app
-- function lyceum.target(p_url text) returns integer language sql immutable for PUBLIC, lyceum_app
-- function lyceum.taught_days(p_school integer, p_user uuid, p_section uuid) returns datemultirange language plpgsql stable
-- function lyceum.teaches(p_school integer, p_user uuid, p_section uuid, p_date date) returns boolean language plpgsql stable
-- function lyceum.teaches_lesson(p_school integer, p_user uuid, p_lesson uuid) returns boolean language plpgsql stable
-- function lyceum.teaches_on(p_school integer, p_user uuid, p_student uuid, p_date date) returns boolean language plpgsql stable
-- function lyceum.teaches_student(p_student uuid) returns boolean language sql stable
-- function lyceum.teaches_subject(p_school integer, p_year uuid, p_subject uuid, p_grade_level integer) returns boolean language plpgsql stable
-- function lyceum.tell_announcement(p_announcement announcements, p_again boolean) returns void language sql for its owner only
-- function lyceum.tell_announcement_again(p_id uuid) returns void language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.tell_consultation_message() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.tell_debts() returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.tell_message() returns trigger language plpgsql security definer set search_path=pg_catalog, pg_temp for its owner only
-- function lyceum.telling_pause() returns interval language sql immutable parallel safe
-- function lyceum.tend_changes(p_keep interval) returns integer language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.term_averages(p_school integer, p_year uuid, p_students uuid[], p_published boolean) returns TABLE(student_id uuid, subject_id uuid, term_id uuid, marks integer, numbers integer, total integer, weighted numeric, weight numeric, lessons integer, missed integer) language sql stable
-- function lyceum.thread_days(p_school integer, p_person uuid, p_capacity text, p_student uuid) returns datemultirange language plpgsql stable
-- function lyceum.thread_student(p_school integer, p_person uuid, p_recipients uuid[], p_student uuid) returns uuid language plpgsql stable
-- function lyceum.time_now() returns time without time zone language sql stable parallel safe
-- function lyceum.timetable(p_school integer, p_from date, p_to date, p_kind text, p_subject uuid) returns TABLE(lesson_id uuid, timetable_entry_id uuid, section_id uuid, date date, slot smallint, starts_at time without time zone, ends_at time without time zone, room_id uuid, teacher_id uuid, state text, substitution_id uuid) language plpgsql stable
-- function lyceum.timetable_collisions(p_school integer, p_entries uuid[], p_from date) returns TABLE(entry_id uuid, kind text, other_id uuid, name text, same_slot boolean) language plpgsql stable
-- function lyceum.timetable_horizon(p_school integer, p_section uuid) returns date language plpgsql stable
-- function lyceum.timetabled_lessons(p_school integer, p_from date, p_to date, p_sections uuid[]) returns TABLE(entry_id uuid, section_id uuid, group_id uuid, date date, bell_schedule_id uuid, slot smallint, starts_at time without time zone, ends_at time without time zone, room_id uuid, own_room_id uuid, teacher_id uuid) language sql stable
-- function lyceum.today() returns date language sql stable parallel safe
-- function lyceum.told(p_school integer, p_person uuid, p_student uuid) returns SETOF uuid language sql stable for PUBLIC, lyceum_app
-- function lyceum.told_about(p_school integer, p_person uuid, p_student uuid, p_entity text, p_id uuid) returns json language plpgsql stable for PUBLIC, lyceum_app
-- function lyceum.told_change(p_school integer, p_entity text, p_id uuid) returns json language plpgsql stable
-- function lyceum.told_lesson(p_lesson lessons) returns json language sql stable
-- function lyceum.told_record(p_school integer, p_student uuid, p_entity text, p_id uuid) returns json language plpgsql stable
-- function lyceum.told_remark(p_school integer, p_person uuid, p_id uuid) returns json language plpgsql stable
-- function lyceum.told_since(p_since pg_snapshot) returns TABLE(person_id uuid) language plpgsql stable security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.told_subject(p_subject subjects) returns json language sql stable
-- function lyceum.topics_left(p_school integer, p_section uuid, p_plan uuid, p_from date) returns TABLE(topic_id uuid, "position" smallint, hours_left numeric, is_begun boolean) language plpgsql stable
-- function lyceum.transferred_mark_refusal(p_school integer, p_student uuid, p_year uuid, p_date date, p_kind text, p_number integer, p_code text) returns text language plpgsql stable
-- function lyceum.unknown_address(p_school integer, p_audience text[]) returns text language sql stable
-- function lyceum.unlock_used(p_school integer, p_line_item uuid, p_student uuid, p_kind text, p_code text, p_debt date) returns uuid language plpgsql stable
-- function lyceum.unlocked(p_school integer, p_section uuid, p_date date) returns boolean language plpgsql stable
-- function lyceum.unlocked_until(p_school integer, p_section uuid, p_date date) returns date language plpgsql stable
-- function lyceum.unreached(p_school integer, p_students uuid[], p_notification uuid, p_announcement uuid) returns TABLE(student_id uuid, reason text, since date) language sql stable
-- function lyceum.unread_messages(p_school integer, p_person uuid) returns integer language plpgsql stable
-- function lyceum.unread_notifications(p_school integer, p_person uuid) returns bigint language plpgsql stable for PUBLIC, lyceum_app
-- function lyceum.unread_of(p_school integer, p_thread uuid, p_person uuid, p_read_sequence integer, p_unread integer, p_days datemultirange) returns integer language plpgsql stable
-- function lyceum.upper_years(p_school integer, p_year uuid, p_students uuid[]) returns TABLE(student_id uuid, academic_year_id uuid, grade_level smallint, starts_on date) language sql stable
-- function lyceum.version() returns trigger language plpgsql
-- function lyceum.waiting_for_families(p_school integer, p_students uuid[]) returns TABLE(student_id uuid, notification_id uuid, kind text, entity text, entity_id uuid, is_urgent boolean, waits_since timestamp with time zone) language sql stable
-- function lyceum.wake_deliveries(p_channel text) returns void language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.wake_webhooks() returns void language sql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.week_of_year(p_starts_on date, p_day date) returns integer language sql immutable parallel safe
-- function lyceum.weekly_hours(p_school integer, p_section uuid, p_date date) returns numeric language plpgsql stable set plan_cache_mode=force_generic_plan
-- function lyceum.with_days_word(p_new attendance, p_old attendance) returns attendance language plpgsql stable
-- function lyceum.withdraw_photo() returns trigger language plpgsql
-- function lyceum.without_values(p_values jsonb, p_kept text[]) returns jsonb language sql immutable parallel safe
-- function lyceum.words(p_text text) returns tsvector language sql immutable parallel safe
-- function lyceum.words_of_name(p_last_name text, p_first_name text, p_middle_name text) returns tsvector language sql immutable parallel safe
-- function lyceum.words_query(p_text text) returns tsquery language sql immutable parallel safe
-- function lyceum.working_day(p_school integer, p_day date, p_count integer) returns date language plpgsql stable
-- function lyceum.working_days(p_school integer, p_after date, p_until date) returns integer language plpgsql stable
-- function lyceum.works(p_school integer, p_person uuid) returns boolean language plpgsql stable
-- function lyceum.write_person() returns trigger language plpgsql
-- function lyceum.write_plan_content(p_plan uuid, p_units jsonb, p_topics jsonb) returns void language plpgsql
-- function lyceum.write_to_families(p_students uuid[], p_class uuid, p_subject text, p_text text) returns TABLE(student_id uuid, recipient_id uuid, outcome text, thread_id uuid) language plpgsql
-- function lyceum.write_to_people(p_student uuid, p_recipients uuid[], p_subject text, p_text text) returns uuid language plpgsql
-- function lyceum.write_week_digests() returns void language plpgsql security definer set search_path=pg_catalog, pg_temp for lyceum_app
-- function lyceum.writes_plan(p_school integer, p_section uuid, p_author uuid) returns boolean language plpgsql stable
-- function lyceum.year_bases(p_school integer, p_year uuid, p_subject uuid, p_students uuid[]) returns TABLE(student_id uuid, terms integer, total integer, missing integer, year_number smallint, exam_number smallint, upper_marks integer, upper_total integer) language sql stable set plan_cache_mode=force_generic_plan

CREATE OR REPLACE FUNCTION lyceum.are_addresses(p_addresses text[])
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (((cardinality(p_addresses) >= 1) AND (cardinality(p_addresses) <= 300)) AND (SELECT bool_and(((a.address IS NOT NULL) AND (a.address ~ '^(?:(?:students|guardians|staff)/(?:school|grade_level/(?:[1-9]|1[01])|(?:class|group)/[0-9a-f-]{36})|staff/role/(?:administrator|head|deputy_head|teacher|class_teacher))$'::text))) AS bool_and FROM unnest(are_addresses.p_addresses) a(address)));

CREATE OR REPLACE FUNCTION lyceum.are_texts(p_texts text[], p_count integer, p_length integer)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((cardinality(p_texts) <= p_count) AND (SELECT COALESCE(bool_and(((t.text IS NOT NULL) AND ((length(t.text) >= 1) AND (length(t.text) <= are_texts.p_length)))), true) AS "coalesce" FROM unnest(are_texts.p_texts) t(text)));

CREATE OR REPLACE FUNCTION lyceum.current_client_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('lyceum.client_id'::text, true), ''::text))::uuid;

CREATE OR REPLACE FUNCTION lyceum.current_user_id()
 RETURNS uuid
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('lyceum.user_id'::text, true), ''::text))::uuid;

CREATE OR REPLACE FUNCTION lyceum.is_snils(p_number text)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((p_number ~ '^[0-9]{3}-?[0-9]{3}-?[0-9]{3}[ -]?[0-9]{2}$'::text) AND (SELECT ((("left"(d.digits, 9))::integer <= 1001998) OR (((d.sum % (101)::bigint) % (100)::bigint) = ("right"(d.digits, 2))::integer)) FROM (SELECT translate(is_snils.p_number, '- '::text, ''::text) AS digits, (SELECT sum(((substr(translate(is_snils.p_number, '- '::text, ''::text), n.n, 1))::integer * (10 - n.n))) AS sum FROM generate_series(1, 9) n(n)) AS sum) d));

CREATE OR REPLACE PROCEDURE lyceum.protect(IN p_table regclass, IN p_privileges text)
 LANGUAGE plpgsql
AS $procedure$
begin
    execute format('alter table %s enable row level security', p_table);
    execute format(
        'create policy tenant on %s to lyceum_app '
        'using (school_id = nullif(current_setting(''lyceum.school_id'', true), '''')::int) '
        'with check (school_id = nullif(current_setting(''lyceum.school_id'', true), '''')::int)',
        p_table
    );
    execute format('grant %s on %s to lyceum_app', p_privileges, p_table);
end
$procedure$;

CREATE OR REPLACE FUNCTION lyceum.shown_until(p_starts_at timestamp with time zone, p_ends_at timestamp with time zone, p_withdrawn_at timestamp with time zone)
 RETURNS timestamp with time zone
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN LEAST(p_withdrawn_at, p_ends_at, (((p_starts_at AT TIME ZONE 'UTC'::text) + '366 days'::interval) AT TIME ZONE 'UTC'::text));

CREATE OR REPLACE FUNCTION lyceum.today()
 RETURNS date
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN LEAST((((now() AT TIME ZONE 'UTC'::text))::date + 1), GREATEST((((now() AT TIME ZONE 'UTC'::text))::date - 1), ((now() AT TIME ZONE COALESCE(NULLIF(current_setting('lyceum.time_zone'::text, true), ''::text), 'UTC'::text)))::date));

CREATE OR REPLACE FUNCTION lyceum.words(p_text text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN to_tsvector('simple'::regconfig, translate(regexp_replace(lower((p_text COLLATE lyceum.names)), '[^[:alnum:]]+'::text, ' '::text, 'g'::text), 'ё'::text, 'е'::text));

CREATE OR REPLACE FUNCTION lyceum.words_of_name(p_last_name text, p_first_name text, p_middle_name text)
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN lyceum.words(((((p_last_name || ' '::text) || p_first_name) || ' '::text) || COALESCE(p_middle_name, ''::text)));
