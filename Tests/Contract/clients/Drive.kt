// Reads answers of the server with the models that openapi-generator made for Kotlin: DriveKt JOURNAL PROBLEM DIARY
import java.io.File
import kotlinx.serialization.json.Json
import kotlinx.serialization.json.jsonArray
import kotlinx.serialization.json.jsonObject
import org.openapitools.client.infrastructure.Serializer
import org.openapitools.client.models.Diary
import org.openapitools.client.models.Journal
import org.openapitools.client.models.MarkKind
import org.openapitools.client.models.MarkValue
import org.openapitools.client.models.Problem

fun main(arguments: Array<String>) {
    val (journalText, problemText, diaryText) = arguments.map { File(it).readText() }
    val json = Serializer.kotlinxSerializationJson

    val journal = json.decodeFromString<Journal>(journalText)
    val raw = Json.parseToJsonElement(journalText).jsonObject["marks"]!!.jsonArray.map { it.jsonObject["value"]!! }
    val writer = Json(json) { explicitNulls = false }
    val written = journal.marks.map { writer.parseToJsonElement(writer.encodeToString(it.value)) }
    check(written == raw) { "marks are not written as they were read" }
    val numbers = journal.marks.mapNotNull { it.value }.filter { it.kind == MarkKind.number }
    check(numbers.isNotEmpty() && numbers.all { it.number != null })

    val problem = json.decodeFromString<Problem>(problemText)
    check(problem.code == "stale_version" && problem.errors!![0].current!!.value!!.kind == MarkKind.number)

    val diary = json.decodeFromString<Diary>(diaryText)
    println(
        "journal with ${journal.marks.size} marks read and written again, stale_version read, " +
            "diary with ${diary.lessons.size} lessons read")
}
