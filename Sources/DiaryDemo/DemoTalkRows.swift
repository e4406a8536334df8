import Diary
import Postgres

extension Demo.Talk {
    func load(_ loader: Demo.Loader) throws {
        try loadAnnouncements(loader)
        try loadThreads(loader)
        try loadContacts(loader)
        try loadConsultations(loader)
        try deriveNotifications(loader)
    }

    private func loadAnnouncements(_ loader: Demo.Loader) throws {
        try loader.copy(
            "announcements",
            "id, author_id, title, text, audience, asks_acknowledgement, starts_at, created_at, changed_at",
            announcements
        ) { row, announcement in
            row.field(announcement.id)
            row.field(announcement.by)
            row.field(announcement.title)
            row.field(announcement.text)
            row.field("{\(announcement.audience.joined(separator: ","))}")
            row.field(announcement.asks)
            row.field(announcement.starts)
            row.field(announcement.starts)
            row.field(announcement.starts)
        }
        try loader.copy(
            "announcement_receipts", "announcement_id, person_id, text_version, read_at, acknowledged_at",
            announcements.flatMap { announcement in announcement.receipts.map { (announcement.id, $0) } }
        ) { row, receipt in
            row.field(receipt.0)
            row.field(receipt.1.person)
            row.field(1)
            row.field(receipt.1.read)
            row.field(receipt.1.acknowledged)
        }
        try loader.copy(
            "notifications", "id, person_id, student_id, kind, entity, entity_id, once, created_at",
            announcements.flatMap { announcement in announcement.reached.map { (announcement, $0) } }
        ) { row, told in
            row.field(Demo.ID(of: told.0.id, to: told.1.person))
            row.field(told.1.person)
            row.field(told.1.student)
            row.field("announcement")
            row.field("announcements")
            row.field(told.0.id)
            row.field(told.0.id.text + (told.0.asks ? " 1" : ""))
            row.field(told.0.starts)
        }
    }

    private func loadThreads(_ loader: Demo.Loader) throws {
        try loader.copy(
            "threads", "id, subject, student_id, created_by, created_at, last_number, last_sequence, latest_at", threads
        ) { row, thread in
            row.field(thread.id)
            row.field(thread.subject)
            row.field(thread.student)
            row.field(thread.teacher)
            row.field(thread.messages[0].written)
            row.field(thread.messages.count)
            row.field(thread.messages.count)
            row.field(thread.messages.last!.written)
        }
        try loader.copy(
            "thread_participants", "thread_id, person_id, capacity, read_sequence, unread, latest_at",
            threads.flatMap { thread in [(thread, true), (thread, false)] }
        ) { row, participant in
            let (thread, isTeacher) = participant
            let received = isTeacher ? thread.messages.count - 1 : 1
            let isRead = (isTeacher ? thread.readByTeacher : thread.readByGuardian) != nil
            row.field(thread.id)
            row.field(isTeacher ? thread.teacher : thread.guardian)
            row.field(isTeacher ? "staff" : "guardian")
            row.field(isRead ? thread.messages.count : isTeacher ? 1 : 0)
            row.field(isRead ? 0 : received)
            row.field(thread.messages.last!.written)
        }
        try loader.copy(
            "messages", "id, thread_id, number, sequence, author_id, text, written_at",
            threads.flatMap { thread in thread.messages.enumerated().map { (thread.id, $0.offset + 1, $0.element) } }
        ) { row, message in
            row.field(message.2.id)
            row.field(message.0)
            row.field(message.1)
            row.field(message.1)
            row.field(message.2.by)
            row.field(message.2.text)
            row.field(message.2.written)
        }
        let receipts = threads.flatMap { thread in
            [(thread.guardian, 1, thread.readByGuardian), (thread.teacher, 2, thread.readByTeacher)].compactMap {
                person, number, read in read.map { (thread.id, person, number, $0) }
            }
        }
        try loader.copy("thread_receipts", "thread_id, person_id, sequence, read_at", receipts) { row, receipt in
            row.field(receipt.0)
            row.field(receipt.1)
            row.field(receipt.2)
            row.field(receipt.3)
        }
        try loader.copy(
            "notifications", "id, person_id, student_id, kind, entity, entity_id, created_at",
            threads.flatMap { thread in
                thread.messages.map { ($0, $0.by == thread.teacher ? thread.guardian : thread.teacher, thread.student) }
            }
        ) { row, told in
            row.field(Demo.ID(of: told.0.id, to: told.1))
            row.field(told.1)
            row.field(told.2)
            row.field("message")
            row.field("messages")
            row.field(told.0.id)
            row.field(told.0.written)
        }
    }

    private func loadContacts(_ loader: Demo.Loader) throws {
        try loader.copy(
            "contacts", "id, student_id, guardian_id, date, means, outcome, text, author_id, created_at, changed_at",
            contacts
        ) { row, contact in
            row.field(contact.id)
            row.field(contact.student)
            row.field(contact.guardian)
            row.field(contact.day)
            row.field(contact.means)
            row.field(contact.isReached ? "reached" : "not_reached")
            row.field(contact.text)
            row.field(contact.by)
            row.field(contact.made)
            row.field(contact.made)
        }
    }

    private func loadConsultations(_ loader: Demo.Loader) throws {
        try loader.copy(
            "consultations",
            "id, asker_id, visitor_name, phone, recorded_by, category, subject, state, opened_at, waiting_since, answered_at, changed_at",
            consultations
        ) { row, consultation in
            let first = consultation.messages[0]
            row.field(consultation.id)
            row.field(consultation.asker)
            row.field(consultation.visitor?.name)
            row.field(consultation.visitor?.phone)
            row.field(consultation.asker == nil ? first.by : nil)
            row.field(consultation.category)
            row.field(consultation.subject)
            row.field(consultation.answered == nil ? "open" : "answered")
            row.field(first.at)
            row.field(first.at)
            row.field(consultation.answered)
            row.field(consultation.messages.last!.at)
        }
        try loader.copy(
            "consultation_messages", "id, consultation_id, kind, text, author_id, written_at",
            consultations.flatMap { consultation in consultation.messages.map { (consultation.id, $0) } }
        ) { row, message in
            row.field(message.1.id)
            row.field(message.0)
            row.field(message.1.kind)
            row.field(message.1.text)
            row.field(message.1.by)
            row.field(message.1.at)
        }
        try loader.derive(
            "consultation_history",
            """
            INSERT INTO consultation_history (school_id, consultation_id, version, state, changed_by, changed_at)
            SELECT school_id, id, version, state, coalesce(recorded_by, asker_id), changed_at
            FROM consultations WHERE school_id = $1
            """)
    }

    /// Triggers are off, so nobody has told what happened to the children. Of the records of the last seven days, the
    /// notifications are those that the triggers would have written; the ids derive from the records.
    private func deriveNotifications(_ loader: Demo.Loader) throws {
        guard !announcements.isEmpty else { return }
        var since: [UInt8] = []
        first.append(to: &since)
        try loader.derive(
            "notifications",
            """
            INSERT INTO notifications (school_id, id, student_id, kind, entity, entity_id, once, created_at)
            SELECT $1, md5(r.kind || r.student_id || r.id)::uuid, r.student_id, r.kind, r.entity, r.id, r.once, r.at
            FROM (
                SELECT 'mark' AS kind, 'marks' AS entity, student_id, id, NULL AS once, published_at AS at
                FROM marks WHERE school_id = $1 AND kind IS NOT NULL
                UNION ALL
                SELECT 'absence', 'attendance', student_id, id, NULL, first_recorded_at
                FROM attendance
                WHERE school_id = $1
                    AND lyceum.counted_meaning(meaning, decided_meaning) IN ('absent', 'ill', 'excused', 'unexcused')
                UNION ALL
                SELECT 'feedback', 'feedback', student_id, id, NULL, published_at FROM feedback WHERE school_id = $1
                UNION ALL
                SELECT 'conduct_note', 'conduct_notes', student_id, id, NULL, published_at
                FROM conduct_notes WHERE school_id = $1
                UNION ALL
                SELECT 'final_mark', 'final_marks', student_id, id, NULL, published_at
                FROM final_marks WHERE school_id = $1 AND value_kind IS NOT NULL
                UNION ALL
                SELECT 'homework', 'homework', m.student_id, h.id, h.id::text, h.first_recorded_at
                FROM homework h
                JOIN lessons l ON l.school_id = h.school_id AND l.id = h.lesson_id
                JOIN sections s ON s.school_id = h.school_id AND s.id = h.section_id
                JOIN group_members m ON m.school_id = s.school_id AND m.group_id = s.group_id
                    AND lyceum.holds(m.starts_on, m.ends_on, l.date)
                WHERE h.school_id = $1 AND h.deleted_at IS NULL
                    AND (
                        h.for_all
                        OR EXISTS (
                            SELECT FROM homework_students o
                            WHERE o.school_id = $1 AND o.homework_id = h.id AND o.student_id = m.student_id
                        )
                    )
            ) r
            WHERE r.at >= $2::timestamptz
            """, [String(decoding: since, as: UTF8.self)])
    }
}

extension Demo.ID {
    /// The id of a notification: derived from what it tells of, and the person who is told.
    init(of record: Demo.ID, to person: Demo.ID) {
        var random = Demo.Random(seed: record.low ^ person.low)
        self.init(at: Demo.Moment(seconds: Int(record.high >> 16) / 1000), &random)
    }
}
