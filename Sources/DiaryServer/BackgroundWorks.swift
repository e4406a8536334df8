import Diary
import DiaryPeople
import DiarySignIn

/// All background work.
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
    ]
}
