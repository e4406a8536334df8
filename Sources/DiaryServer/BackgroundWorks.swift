import Diary
import DiaryJournal
import DiaryPeople
import DiarySignIn

/// All work that runs behind the requests.
extension BackgroundWork {
    package static let all: [BackgroundWork] = [
        .forgetSignInFailures,
        .forgetSessions,
        .forgetActivityDays,
        .forgetAuthorizationCodes,
        .forgetActivationCodes,
        .forgetSecondFactors,
        .forgetKeptAnswers,
        .forgetPhotos,
        .tendChanges,
    ] + publications
}
