import Diary
import DiaryJournal
import DiaryPeople
import DiarySchool
import DiarySignIn

/// All background work.
extension BackgroundWork {
    ///
    /// - Parameter days: how long the log of changes is kept.
    package static func all(keepingChanges days: Int = ChangeLog.days) -> [BackgroundWork] {
        [
            .forgetSignInFailures,
            .forgetSessions,
            .forgetActivityDays,
            .forgetAuthorizationCodes,
            .forgetActivationCodes,
            .forgetSecondFactors,
            .forgetKeptAnswers,
            .forgetPhotos,
            .turnDay,
            .tendChanges(keeping: days),
        ] + publications
    }
}
