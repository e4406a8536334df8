"""The work that script/bench took from Lyceum's session with PostgreSQL: the statements of a request and the shape of
its answer."""

import base64
import datetime
import json

import orjson

ARGUMENTS = {
    "bool": lambda text: text in ("t", "true"),
    "date": datetime.date.fromisoformat,
    "int2": int,
    "int4": int,
    "int8": int,
}


class Work:
    issuer: str
    audience: str
    endpoints: dict

    @classmethod
    async def prepared(cls, path, connection):
        with open(path) as file:
            document = json.load(file)
        work = cls()
        work.issuer = document["issuer"]
        work.audience = document["audience"]
        work.endpoints = {}
        for name, endpoint in document["endpoints"].items():
            statements = []
            for statement in endpoint["statements"]:
                statements.append(Statement(statement, await connection.prepare(statement["sql"])))
            work.endpoints[name] = Endpoint(statements, endpoint["json"])
        return work


class Statement:
    def __init__(self, description, prepared):
        self.sql = description["sql"]
        self.columns = [attribute.name for attribute in prepared.get_attributes()]
        # A request's value by its name, otherwise a constant; converted to what the parameter's type accepts.
        self.parameters = []
        for parameter, type in zip(description["parameters"], prepared.get_parameters()):
            convert = ARGUMENTS.get(type.name, str)
            value = parameter.get("value")
            constant = None if value is None else convert(value)
            self.parameters.append((parameter.get("name"), convert, constant))

    def arguments(self, values):
        return [constant if name is None else convert(values[name]) for name, convert, constant in self.parameters]


class Endpoint:
    def __init__(self, statements, steps):
        self.statements = statements
        self.shapes = [Shape(statement.columns) for statement in statements]
        self.steps = steps

    def render(self, results) -> bytes:
        """`results` are those of all statements; the steps count from after the tenant's prefix."""
        body = {}
        stack = [body]
        for step in self.steps:
            if "begin" in step:
                stack[-1][step["begin"]] = {}
                stack.append(stack[-1][step["begin"]])
            elif "end" in step:
                stack.pop()
            elif "cursor" in step:
                epoch, snapshot = results[step["rows"] + 1][0][:2]
                text = base64.urlsafe_b64encode(f"1.{epoch}.{snapshot}".encode()).rstrip(b"=").decode()
                stack[-1][step["cursor"]] = text
            elif "fields" in step:
                stack[-1].update(self.rows(step, results)[0])
            elif "object" in step:
                stack[-1][step["object"]] = self.rows(step, results)[0]
            else:
                stack[-1][step["list"]] = self.rows(step, results)
        return orjson.dumps(body, option=orjson.OPT_UTC_Z)

    def rows(self, step, results):
        index = step["rows"] + 1
        shape = self.shapes[index]
        objects = [shape.object(row) for row in results[index]]
        for child in step.get("children", []):
            lists = {}
            for row, object in zip(results[index], objects):
                lists[row[shape.key]] = object[child["list"]] = []
            parent = self.shapes[child["rows"] + 1].parent
            for row, object in zip(results[child["rows"] + 1], self.rows(child, results)):
                lists[row[parent]].append(object)
        return objects


class Shape:
    """Renders columns as JSON by their aliases: `a.b` is "b" in an object "a"; `a?.b` is the same, or null if that
    column is NULL; `_a` is not shown. Compiled into a function once, as if it were written by hand."""

    def __init__(self, columns):
        self.parent = columns.index("_parent") if "_parent" in columns else None
        self.key = next((columns.index(name) for name in ("_key", "id") if name in columns), None)
        groups = []
        for index, name in enumerate(columns):
            if name.startswith("_"):
                continue
            group, _, member = name.rpartition(".")
            if not groups or groups[-1][0] != group or not group:
                groups.append((group, index, []))
            groups[-1][2].append(f"{member!r}: row[{index}]")
        parts = []
        for group, first, members in groups:
            inner = ", ".join(members)
            if not group:
                parts.append(inner)
            elif group.endswith("?"):
                parts.append(f"{group[:-1]!r}: None if row[{first}] is None else {{{inner}}}")
            else:
                parts.append(f"{group!r}: {{{inner}}}")
        self.object = eval(f"lambda row: {{{', '.join(parts)}}}")
