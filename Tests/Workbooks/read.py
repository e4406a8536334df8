"""Opens all workbooks of a directory in openpyxl and in LibreOffice, and prints what they have as JSON.

The two must see the same: the same sheets, and in each cell the same type and the same value. Where NAME.csv stands
beside NAME.xlsx, its rows must be those of the sheet with the same heads, with the types that NAME.kinds names, one for
each column.
A difference ends the program with status 1.
"""

import csv
import datetime
import json
import pathlib
import re
import subprocess
import sys
import xml.etree.ElementTree as xml

import openpyxl
from openpyxl.utils import coordinate_to_tuple

OFFICE, TABLE, TEXT, STYLE = (
    f"{{urn:oasis:names:tc:opendocument:xmlns:{name}:1.0}}" for name in ("office", "table", "text", "style")
)


def main(directory: pathlib.Path):
    workbooks = sorted(directory.glob("*.xlsx"))
    convert(directory, workbooks)
    found, differences = {}, []
    for workbook in workbooks:
        sheets = by_openpyxl(workbook)
        differences += [f"{workbook.name}: {text}" for text in compared(sheets, by_libreoffice(workbook.with_suffix(".fods")))]
        if workbook.with_suffix(".csv").exists():
            differences += [f"{workbook.name}: {text}" for text in compared_with_csv(sheets, workbook)]
        found[workbook.stem] = [summary(sheet) for sheet in sheets]
    if differences:
        sys.exit("\n".join(differences[:50]))
    print(json.dumps(found, ensure_ascii=False))


def summary(sheet: dict) -> dict:
    cells = [cell for row in sheet["rows"] for cell in row if cell]
    formulas = sorted({cell[1] for cell in cells if cell[0] == "s" and cell[1].startswith("=")})
    types = {kind: sum(cell[0] == kind for cell in cells) for kind in sorted({cell[0] for cell in cells})}
    return {key: sheet[key] for key in ("name", "frozen", "heads", "widths")} | {
        "rows": len(sheet["rows"]), "types": types, "texts_like_formulas": formulas
    }


def convert(directory: pathlib.Path, workbooks: list[pathlib.Path]):
    """To flat OpenDocument, which is XML: what LibreOffice has understood."""
    # A profile of its own: with a shared one, a second LibreOffice would hand its files to the first.
    command = ["soffice", f"-env:UserInstallation=file://{directory}/profile", "--headless", "--convert-to", "fods"]
    command += ["--outdir", directory, *workbooks]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def by_openpyxl(path: pathlib.Path) -> list[dict]:
    def cell(one):
        if one.value is None:
            return None
        return [one.data_type, one.value.isoformat() if one.data_type == "d" else one.value]

    def frozen(sheet) -> list[int]:
        """Rows and columns. LibreOffice has them too, but only in a window."""
        return [number - 1 for number in coordinate_to_tuple(sheet.freeze_panes)] if sheet.freeze_panes else [0, 0]

    def heads(sheet) -> list[int]:
        """The first and the last row that are repeated on each page."""
        return [int(number) for number in re.findall(r"\d+", sheet.print_title_rows or "")]

    return [
        {
            "name": sheet.title,
            "frozen": frozen(sheet),
            "heads": heads(sheet),
            "widths": widths(sheet),
            "rows": trimmed([[cell(one) for one in row] for row in sheet.iter_rows()]),
        }
        for sheet in openpyxl.load_workbook(path).worksheets
    ]


def widths(sheet) -> list[float]:
    """In characters. openpyxl keeps neighbours of equal width as one entry."""
    found = {}
    for dimension in sheet.column_dimensions.values():
        found |= {number: dimension.width for number in range(dimension.min, dimension.max + 1)}
    return [found.get(number, 0) for number in range(1, sheet.max_column + 1)]


def by_libreoffice(path: pathlib.Path) -> list[dict]:
    root = xml.parse(path).getroot()
    measures = {
        style.get(STYLE + "name"): inches(properties.get(STYLE + "column-width"))
        for style in root.iter(STYLE + "style")
        for properties in style.iter(STYLE + "table-column-properties")
    }
    sheets = []
    for table in root.iter(TABLE + "table"):
        heads = {row for head in table.iter(TABLE + "table-header-rows") for row in head.iter(TABLE + "table-row")}
        rows, columns, repeated_heads = [], [], []
        for column in table.iter(TABLE + "table-column"):
            columns += [measures[column.get(TABLE + "style-name")]] * min(repeated(column, "columns"), 1024)
        for row in table.iter(TABLE + "table-row"):
            if row in heads:
                repeated_heads.append(len(rows) + 1)
            cells = []
            for cell in row:
                if cell.tag in (TABLE + "table-cell", TABLE + "covered-table-cell"):
                    # Behind the last cell come as many empty ones as a sheet is wide.
                    cells += [value_of(cell)] * min(repeated(cell, "columns"), 1024)
            rows += [cells] * (repeated(row, "rows") if any(cells) else min(repeated(row, "rows"), 64))
        sheets.append(
            {
                "name": table.get(TABLE + "name"),
                "heads": [min(repeated_heads), max(repeated_heads)] if repeated_heads else [],
                "widths": columns,
                "rows": trimmed(rows),
            }
        )
    return sheets


def repeated(element, what: str) -> int:
    return int(element.get(f"{TABLE}number-{what}-repeated", "1"))


def inches(text: str) -> float:
    return float(text.removesuffix("in")) if text.endswith("in") else float(text.removesuffix("cm")) / 2.54


def value_of(cell):
    if cell.get(TABLE + "formula"):
        return ["f", cell.get(TABLE + "formula")]
    kind = cell.get(OFFICE + "value-type")
    if kind in ("float", "percentage", "currency"):
        return ["n", float(cell.get(OFFICE + "value"))]
    if kind == "date":
        text = cell.get(OFFICE + "date-value")
        return ["d", text if "T" in text else text + "T00:00:00"]
    if kind == "string":
        return ["s", "\n".join(text_of(paragraph) for paragraph in cell.findall(TEXT + "p"))]
    return [kind, cell.get(OFFICE + "value")] if kind else None


def text_of(element) -> str:
    """With the spaces and line breaks that OpenDocument writes as elements."""
    text = element.text or ""
    for child in element:
        if child.tag == TEXT + "s":
            text += " " * int(child.get(TEXT + "c", "1"))
        elif child.tag in (TEXT + "line-break", TEXT + "tab"):
            text += "\n" if child.tag == TEXT + "line-break" else "\t"
        else:
            text += text_of(child)
        text += child.tail or ""
    return text


def trimmed(rows: list[list]) -> list[list]:
    """Without empty cells at the ends of rows, and without empty rows at the end."""
    rows = [row[: max((number for number, cell in enumerate(row, 1) if cell), default=0)] for row in rows]
    return rows[: max((number for number, row in enumerate(rows, 1) if row), default=0)]


def compared(first: list[dict], second: list[dict]):
    if [sheet["name"] for sheet in first] != [sheet["name"] for sheet in second]:
        yield f"sheets {[sheet['name'] for sheet in first]} and {[sheet['name'] for sheet in second]}"
        return
    for one, other in zip(first, second):
        if one["heads"] != other["heads"]:
            yield f"{one['name']}: repeated rows {one['heads']} and {other['heads']}"
        if len(one["rows"]) != len(other["rows"]):
            yield f"{one['name']}: {len(one['rows'])} and {len(other['rows'])} rows"
        # A character is about 0.08 inches wide in the font of libxlsxwriter.
        for number, (width, measure) in enumerate(zip(one["widths"], other["widths"]), 1):
            if not 0.06 < measure / max(width, 1) < 0.11:
                yield f"{one['name']}: column {number} is {width} characters and {measure} inches wide"
        for number, (row, line) in enumerate(zip(one["rows"], other["rows"]), 1):
            if len(row) != len(line):
                yield f"{one['name']}: row {number} has {len(row)} and {len(line)} cells"
            for column, (cell, value) in enumerate(zip(row, line), 1):
                if not same(cell, value):
                    yield f"{one['name']}: row {number}, column {column}: {cell} and {value}"


def same(cell, value) -> bool:
    if not cell or not value or cell[0] != value[0]:
        return cell == value
    if cell[0] == "n":
        return abs(cell[1] - value[1]) < 1e-9 * max(1, abs(cell[1]))
    if cell[0] == "s":
        # Both begin a new paragraph at a line break, and LibreOffice also at a carriage return.
        return re.split("\r\n|\r|\n", cell[1]) == value[1].split("\n")
    return cell == value


# Heads further below would leave no room for the rows.
LOWEST_FROZEN_ROW = 12


def compared_with_csv(sheets: list[dict], workbook: pathlib.Path):
    with open(workbook.with_suffix(".csv"), newline="") as file:
        head, *records = csv.reader(file)
    kinds = workbook.with_suffix(".kinds").read_text().split()
    places = [
        (sheet, number)
        for sheet in sheets
        for number, row in enumerate(sheet["rows"], 1)
        if [cell and cell[1] for cell in row] == head
    ]
    if len(places) != 1 or len(kinds) != len(head) or not records:
        yield f"{len(places)} rows with the heads {head}, {len(kinds)} kinds, {len(records)} records"
        return
    sheet, place = places[0]
    if sheet["frozen"][0] != (place if place <= LOWEST_FROZEN_ROW else 0) or sheet["heads"] != [place, place]:
        yield f"{sheet['frozen'][0]} rows are frozen, and {sheet['heads']} are repeated, but the head is row {place}"
    for number, record in enumerate(records, place):
        row = sheet["rows"][number]
        row = row + [None] * (len(head) - len(row))
        for title, kind, text, cell in zip(head, kinds, record, row):
            if not same(cell, wanted(kind, text)):
                yield f"row {number + 1}, {title}: {cell}, and {text!r} as {kind} in CSV"


def wanted(kind: str, text: str):
    """The cell for a field of CSV."""
    if not text:
        return None
    match kind:
        case "number":
            return ["n", float(text)]
        case "percent":
            return ["n", float(text) / 100]
        case "date":
            return ["d", text + "T00:00:00"]
        case "moment":
            # The school's clocks are five hours ahead, and a workbook has whole seconds.
            moment = datetime.datetime.fromisoformat(text.removesuffix("Z")) + datetime.timedelta(hours=5)
            return ["d", moment.replace(microsecond=0).isoformat()]
        case "flag":
            return ["s", {"true": "да", "false": "нет"}[text]]
    # An apostrophe is in front of what a spreadsheet would take for a formula.
    return ["s", text[1:] if text[0] == "'" and text[1:2] in ("=", "+", "-", "@") else text]


main(pathlib.Path(sys.argv[1]))
