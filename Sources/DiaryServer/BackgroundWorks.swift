import Diary
import DiaryJournal
import DiaryPeople
import DiarySchool
import DiarySignIn

extension BackgroundWork {
    /// All background work.
    ///
    /// - Parameter days: the number of days for which the log of changes is kept.
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
