import Crypto
import Diary
import DiaryJournal
import DiaryPaper
import DiaryPeople
import DiarySchool
import DiarySignIn
import DiaryTalk
import Postgres
import Transfer

extension BackgroundWork {
    /// All background work.
    ///
    /// - Parameters:
    ///   - days: the number of days for which the log of changes is kept.
    ///   - outbox: nil: no webhooks are sent; other processes do it.
    ///   - channels: what sends pushes and mails; nil: nothing does.
    ///   - reports: `makeReports`; nil: other processes make the reports that people have ordered.
    package static func all(
        keepingChanges days: Int = ChangeLog.days, outbox: Outbox? = nil, channels: Channels? = nil,
        reports: BackgroundWork? = nil
    ) -> [BackgroundWork] {
        let recurring: [BackgroundWork] = [
            .forgetSignInFailures,
            .forgetSessions,
            .forgetActivityDays,
            .forgetAuthorizationCodes,
            .forgetActivationCodes,
            .forgetSecondFactors,
            .forgetKeptAnswers,
            .forgetPhotos,
            .forgetNotifications,
            .writeWeekDigests,
            .tellDebts,
            .takeControlSnapshots,
            .forgetMessages,
            .forgetThreads,
            .forgetThreadReports,
            .beginAnnouncement,
            .tellAnnouncement,
            .forgetAnnouncements,
            .forgetConsultations,
            .forgetContacts,
            .forgetWebhookDeliveries,
            .forgetDeliveries,
            .forgetEmailCodes,
            .forgetPushSubscriptions,
            .forgetReportJobs,
            .turnDay,
            .tendChanges(keeping: days),
        ]
        return recurring + publications + (outbox.map { webhooks($0) } ?? []) + (channels.map { sending($0) } ?? [])
            + (reports.map { [$0] } ?? [])
    }

    /// Statements that add pieces of this work for what is new in the database.
    package static func wake(_ outbox: Outbox?) -> [Statement] { outbox.map { wakeWebhooks($0) } ?? [] }
}

extension Outbox {
    package convenience init(transfer: Transfer, sealingKeys: SealingKeys?) {
        self.init(transfer: transfer, sealingKeys: sealingKeys, feed: Changes.schoolFeed)
    }
}
