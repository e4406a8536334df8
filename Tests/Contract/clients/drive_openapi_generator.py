"""Imports all of the Python client that openapi-generator made, and drives it; its package is `lyceum_client`.

    drive_openapi_generator.py BASE
"""

import importlib
import pkgutil
import sys

import lyceum_client
from lyceum_client import ApiClient, ApiException, Configuration, JournalApi, MeApi, SignInApi
from lyceum_client.models import JournalPatch, MarkKind, MarkPatch, MarkValue, Problem, TokenProblem

modules = [module.name for module in pkgutil.walk_packages(lyceum_client.__path__, "lyceum_client.")]
for module in modules:
    importlib.import_module(module)
done = [f"{len(modules)} modules imported"]

configuration = Configuration(host=sys.argv[1])
anybody = SignInApi(ApiClient(configuration))
try:
    anybody.issue_token("password", school="lyceum29", username="teacher", password="wrong")
    raise AssertionError("a wrong password signs in")
except ApiException as error:
    assert TokenProblem.from_json(error.body).error == "invalid_grant", error.body
tokens = anybody.issue_token("password", school="lyceum29", username="teacher", password="lyceum-demo")
configuration.access_token = tokens.access_token
done.append("sign-in")

section = MeApi(ApiClient(configuration)).get_me().sections[0].id
api = JournalApi(ApiClient(configuration))
journal = api.get_section_journal(section)
marks = [mark for mark in journal.marks if mark.value and mark.value.kind == MarkKind.NUMBER]
assert marks and all(mark.value.number for mark in marks)
done.append(f"journal with {len(journal.marks)} marks")

mark = next(mark for mark in marks if mark.value.number != 3)
patch = JournalPatch(marks=[MarkPatch(
    line_item_id=mark.line_item_id, student_id=mark.student_id, version=0,
    value=MarkValue(kind=MarkKind.NUMBER, number=3))])
try:
    api.patch_section_journal(section, patch)
    raise AssertionError("version 0 of a mark that is there is taken")
except ApiException as error:
    problem = Problem.from_json(error.body)
    assert problem.code == "stale_version" and problem.errors[0].current.value.number == mark.value.number, error.body
done.append("PATCH refused as stale_version")
print(", ".join(done))
