#!/usr/bin/env bash
# From an empty, migrated database to a family that reads its child's diary: with the command line and the API alone.
#
#   LYCEUM_OWNER_DATABASE_URL=… docs/opening-a-school.sh [base URL]
#
# Needs bash, curl, python3, `lyceum` in PATH (or in LYCEUM), and a server of that database at the base URL
# (http://127.0.0.1:8080). It opens a school with a new code each time, and stops at the first answer that is not as it
# should be. The tests run it.
set -euo pipefail

lyceum=${LYCEUM-lyceum}
base=${1-http://127.0.0.1:8080}
school=school-$(date +%s)-$$
# A day on which everything below holds already, wherever the school is.
since=$(date -u -d yesterday +%F)
before=$(TZ=Asia/Yekaterinburg date -d yesterday +%F)
# The academic year of today; in summer it is the one that has ended.
today=$(TZ=Asia/Yekaterinburg date +%F)
year=${today%%-*}
[ "$(TZ=Asia/Yekaterinburg date +%-m)" -ge 9 ] || year=$((year - 1))
password='синий трамвай 29'
files=$(mktemp -d)
trap 'rm -rf "$files"' EXIT

# pick 'd["id"]': a part of the JSON that comes in.
pick() { python3 -c "import json, sys; d = json.load(sys.stdin); print($1)"; }

# call STATUS METHOD PATH [JSON] [curl's arguments]: the body of an answer that has to have this status.
call() {
    local status=$1 method=$2 path=$3 body=${4-} answer code
    shift $(($# < 4 ? $# : 4))
    answer=$(mktemp -p "$files")
    code=$(curl -s -o "$answer" -w '%{http_code}' -X "$method" "$base$path" ${token:+-H "Authorization: Bearer $token"} \
        ${body:+-H 'Content-Type: application/json' --data-binary "$body"} "$@")
    if [ "$code" != "$status" ]; then
        echo "$method $path answered $code, not $status: $(cat "$answer")" >&2
        exit 1
    fi
    cat "$answer"
    rm -f "$answer"
}

# activate CODE: chooses a password and signs in; sets `token`.
activate() {
    local login
    token=
    login=$(call 200 POST /v1/auth/activation "{\"school\": \"$school\", \"code\": \"$1\", \"password\": \"$password\"}" |
        pick 'd["login"]')
    token=$(call 200 POST /v1/auth/token \
        "{\"grant_type\": \"password\", \"school\": \"$school\", \"username\": \"$login\", \"password\": \"$password\"}" |
        pick 'd["access_token"]')
    echo "  $login is in"
}

make() { call 201 POST "$@" | pick 'd["id"]'; }

# import KIND: rows from standard input.
import() { call 200 POST "/v1/imports/$1" '' -H 'Content-Type: text/csv' --data-binary @- >/dev/null; }

# find PATH FIRST-NAME: the id of the one who is called so.
find() { call 200 GET "$1" | pick "[i['id'] for i in d['items'] if i['first_name'] == '$2'][0]"; }

echo "1. The school, and its first administrator"
"$lyceum" school create "$school" --name 'Лицей № 29' --time-zone Asia/Yekaterinburg --template ru \
    --year "$year" --json >/dev/null
code=$("$lyceum" user create --school "$school" --role administrator --last-name Иванова --first-name Мария --json |
    pick 'd["activation_code"]')
activate "$code"
administrator=$token

echo "2. Staff, by the command line"
"$lyceum" import staff - --school "$school" >/dev/null <<'END'
Внешний код;Фамилия;Имя;Роли
S-1;Соколова;Ирина;Учитель
S-2;Петров;Пётр;Учитель
S-3;Орлова;Анна;Директор
END
first=$(find /v1/staff Ирина)
second=$(find /v1/staff Пётр)
head=$(find /v1/staff Анна)

echo "3. Two classes and their class teachers"
import classes <<'END'
Класс
7А
7Б
END
class_a=$(call 200 GET /v1/classes | pick '[c["id"] for c in d["items"] if c["name"] == "7А"][0]')
class_b=$(call 200 GET /v1/classes | pick '[c["id"] for c in d["items"] if c["name"] == "7Б"][0]')
make "/v1/classes/$class_a/teachers" "{\"teacher_id\": \"$first\", \"starts_on\": \"$since\"}" >/dev/null
make "/v1/classes/$class_b/teachers" "{\"teacher_id\": \"$second\", \"starts_on\": \"$since\"}" >/dev/null

echo "4. Students of 7А and their families: a dry run, then the import"
cat >"$files/students.csv" <<END
Внешний код;Фамилия;Имя;Класс;Зачислен
1024;Ковалёв;Артём;7А;$since
1025;Абрамова;Дарья;7А;$since
END
import students?dry_run=true <"$files/students.csv"
[ "$(call 200 GET '/v1/students?include=total' | pick 'd["total"]')" = 0 ]
import students <"$files/students.csv"
import guardians <<'END'
Внешний код;Фамилия;Имя;Телефон;Дети;Кем приходится
G-1;Ковалёва;Ольга;+7 912 000-00-01;1024;Мать
G-2;Ковалёв;Олег;+7 912 000-00-02;1024;Отец
END
child=$(find /v1/students Артём)
other=$(find /v1/students Дарья)
mother=$(find /v1/guardians Ольга)
father=$(find /v1/guardians Олег)
mothers=$(call 200 GET "/v1/students/$child/guardians" |
    pick "[g['id'] for g in d['items'] if g['guardian']['id'] == '$mother'][0]")

echo "5. The administrator issues codes to staff, but to no student"
code=$(call 201 POST "/v1/users/$first/credentials" '{}' | pick 'd["code"]')
code_b=$(call 201 POST "/v1/users/$second/credentials" '{}' | pick 'd["code"]')
code_of_head=$(call 201 POST "/v1/users/$head/credentials" '{}' | pick 'd["code"]')
call 403 POST "/v1/users/$child/credentials" '{}' >/dev/null
activate "$code"
teacher=$token
activate "$code_b"
teacher_b=$token
activate "$code_of_head"
head=$token

echo "6. The class teacher issues codes for 7А"
token=$teacher
call 200 POST "/v1/classes/$class_a/credentials" '{"for": "both"}' >"$files/codes.json"
of() { pick "next(i['code'] for i in d['items'] if i['user']['id'] == '$1')" <"$files/codes.json"; }

echo "7. The mother signs in and sees her own child and nothing else"
activate "$(of "$mother")"
parent=$token
[ "$(call 200 GET /v1/me | pick '[c["id"] for c in d["children"]]')" = "['$child']" ]
call 200 GET "/v1/students/$child" >/dev/null
call 200 GET "/v1/students/$child/diary" >/dev/null
call 404 GET "/v1/students/$other" >/dev/null
call 404 GET "/v1/students/$other/diary" >/dev/null
call 403 GET "/v1/students/$child/guardians" >/dev/null
call 403 GET "/v1/guardians/$father" >/dev/null
call 403 GET /v1/staff >/dev/null

echo "8. A court limits her rights: her token shows nothing any more, and only the head opens her access again"
token=$teacher
call 200 PATCH "/v1/students/$child/guardians/$mothers" '{"access": "none"}' -H 'If-Match: *' >/dev/null
token=$parent
call 404 GET "/v1/students/$child/diary" >/dev/null
token=$teacher
call 403 PATCH "/v1/students/$child/guardians/$mothers" '{"access": "full"}' -H 'If-Match: *' >/dev/null
token=$head
call 200 PATCH "/v1/students/$child/guardians/$mothers" '{"access": "full", "basis": "Решение суда № 7"}' \
    -H 'If-Match: *' >/dev/null

echo "9. A teacher who is also a parent gets no code of a class teacher"
token=$administrator
make /v1/guardians "{\"last_name\": \"Петров\", \"first_name\": \"Пётр\", \"user_id\": \"$second\"}" >/dev/null
make "/v1/students/$other/guardians" \
    "{\"guardian_id\": \"$second\", \"relation\": \"father\", \"starts_on\": \"$since\"}" >/dev/null
token=$teacher
call 403 POST "/v1/users/$second/credentials" '{}' >/dev/null

echo "10. The student moves to 7Б: the new class teacher sees the student, the former one the diary until then"
token=$teacher_b
call 404 GET "/v1/students/$child" >/dev/null
token=$administrator
call 201 POST "/v1/students/$child/class-changes" \
    "{\"class_id\": \"$class_b\", \"starts_on\": \"$today\", \"reason\": \"по заявлению\"}" >/dev/null
token=$teacher_b
call 200 GET "/v1/students/$child" >/dev/null
call 200 GET "/v1/students/$child/diary?from=$since&to=$today" | pick 'd["to"]' | grep -qx "$today"
token=$teacher
call 404 GET "/v1/students/$child" >/dev/null
call 200 GET "/v1/students/$child/diary?from=$since&to=$today" | pick 'd["to"]' | grep -qx "$before"

echo "11. Today becomes a school day, whatever day it is"
token=$administrator
call 200 GET '/v1/academic-years' >"$files/years.json"
year_id=$(pick 'd["items"][0]["id"]' <"$files/years.json")
if [[ $(pick 'd["items"][0]["ends_on"]' <"$files/years.json") < $today ]]; then
    call 200 PATCH "/v1/academic-years/$year_id" "{\"ends_on\": \"$((year + 1))-08-31\"}" -H 'If-Match: *' >/dev/null
fi
for holiday in $(call 200 GET '/v1/holidays?limit=200' |
    pick "' '.join(h['id'] for h in d['items'] if h['starts_on'] <= '$today' <= h['ends_on'])"); do
    call 204 DELETE "/v1/holidays/$holiday" '' -H 'If-Match: *'
done

echo "12. Mathematics of 7Б, and its lessons: a dry run, then for two weeks; once more changes nothing"
import rooms <<'END'
Кабинет
12
END
import load <<END
Предмет;Класс;Учитель;С
Математика;7Б;S-2;$since
END
import timetable <<END
Предмет;Класс;День;Урок;Смена;Кабинет
Математика;7Б;$(TZ=Asia/Yekaterinburg LC_ALL=C date +%A);1;1;12
END
section=$(call 200 GET "/v1/sections?class_id=$class_b" | pick 'd["items"][0]["id"]')
weeks="{\"from\": \"$today\", \"to\": \"$(TZ=Asia/Yekaterinburg date -d '13 days' +%F)\"}"
planned=$(call 200 POST '/v1/lessons/generation?dry_run=true' "$weeks" | pick 'd["made"]')
[ "$planned" -ge 1 ]
[ "$(call 200 POST /v1/lessons/generation "$weeks" | pick 'd["made"]')" = "$planned" ]
[ "$(call 200 POST /v1/lessons/generation "$weeks" | pick '[d["made"], d["unchanged"]]')" = "[0, $planned]" ]

echo "13. The teacher finds the lesson of today and writes its topic, homework and a mark"
token=$teacher_b
lesson=$(call 200 GET "/v1/lessons?section_id=$section&from=$today&to=$today" | pick 'd["items"][0]["id"]')
version=$(call 200 GET "/v1/lessons/$lesson" | pick 'd["version"]')
call 200 PATCH "/v1/sections/$section/journal" "{
    \"lessons\": [{\"id\": \"$lesson\", \"version\": $version, \"state\": \"held\", \"topic\": \"Дроби\",
        \"homework\": {\"text\": \"№ 17\"}, \"attendance_taken\": true}],
    \"marks\": [{\"lesson_id\": \"$lesson\", \"student_id\": \"$child\", \"version\": 0,
        \"value\": {\"kind\": \"number\", \"number\": 5}}]}" >/dev/null

echo "14. The mother reads it in the diary"
token=$parent
call 200 GET "/v1/students/$child/diary?from=$today&to=$today" >"$files/diary.json"
[ "$(pick '[(l["topic"], l["homework"][0]["text"], l["marks"][0]["value"]["number"]) for l in d["lessons"]]' \
    <"$files/diary.json")" = "[('Дроби', '№ 17', 5)]" ]

echo "15. Another teacher stands in: the head finds who is free, the sheet of the day and the mother's diary show it"
token=$head
substitute=$(call 200 GET "/v1/lessons/$lesson/substitutes" | pick 'd["items"][0]["id"]')
[ "$substitute" = "$first" ]
substitution=$(make /v1/substitutions "{\"kind\": \"replace\", \"lesson_id\": \"$lesson\",
    \"teacher_id\": \"$substitute\", \"reason\": \"Больничный лист\"}")
call 200 GET "/v1/substitutions?date=$today" >"$files/sheet.json"
[ "$(pick '[(i["old_teacher"]["id"], i["teacher"]["id"], i["reason"]) for i in d["items"]]' <"$files/sheet.json")" = \
    "[('$second', '$substitute', 'Больничный лист')]" ]
token=$parent
call 200 GET "/v1/students/$child/diary?from=$today&to=$today" >"$files/diary.json"
[ "$(pick '[(l["teacher"]["id"], l["substitution"]["kind"], l["substitution"]["old_teacher"]) for l in d["lessons"]]' \
    <"$files/diary.json")" = "[('$substitute', 'replace', 'Петров Пётр')]" ]
[ "$(call 200 GET "/v1/timetable?student_id=$child&from=$today&to=$today" |
    pick 'd["days"][0]["lessons"][0]["teacher"]["id"]')" = "$substitute" ]
calendar=$(call 201 POST /v1/calendar-links "{\"student_id\": \"$child\"}" | pick 'd["url"]')
curl -fsS "$base${calendar#"${calendar%%/v1/*}"}" | grep -q '^DESCRIPTION:Замена'
token=$head
call 204 DELETE "/v1/substitutions/$substitution"
token=$parent
[ "$(call 200 GET "/v1/students/$child/diary?from=$today&to=$today" |
    pick '[(l["teacher"]["id"], l["substitution"]) for l in d["lessons"]]')" = "[('$second', None)]" ]

echo "16. The audit log has all of it"
token=$administrator
count=$(call 200 GET '/v1/audit?include=total&limit=1' | pick 'd["total"]')
[ "$count" -gt 20 ]
echo "All is as it should be: $count changes of $school are in the log."
