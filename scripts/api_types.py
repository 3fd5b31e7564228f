"""Write what is made from the shapes of JSON: types of the page, and the schema of ROI files.

frontend/src/api/types.gen.ts comes from dcmview/web/*schemas.py, docs/rois.schema.json from
dcmview/annotations/native.py. With --check nothing is written and the exit code says whether
both are fresh.
"""

from __future__ import annotations

import inspect
import json
import re
import sys
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from msgspec import inspect as shapes

from dcmview.annotations.native import RoiDocument
from dcmview.web import recipe_schemas, roi_schemas, schemas, tag_schemas

ROOT = Path(__file__).resolve().parent.parent
TYPES = ROOT / "frontend/src/api/types.gen.ts"
SCHEMA = ROOT / "docs/rois.schema.json"
HEADER = "// Made by scripts/api-types from dcmview/web/*schemas.py. Do not edit.\n"
SCALARS = {
    shapes.StrType: "string",
    shapes.IntType: "number",
    shapes.FloatType: "number",
    shapes.BoolType: "boolean",
    shapes.NoneType: "null",
    shapes.AnyType: "unknown",
}


def main() -> int:
    """Write or check the files; the return value is the exit code."""
    made = {
        TYPES: HEADER + "".join(f"\n{interface(cls)}" for cls in struct_classes()),
        SCHEMA: json.dumps(roi_schema(), indent=2) + "\n",
    }
    if "--check" in sys.argv[1:]:
        stale = [path for path, text in made.items() if not is_fresh(path, text)]
        for path in stale:
            print(f"{path.relative_to(ROOT)} is stale; run scripts/api-types", file=sys.stderr)
        return 1 if stale else 0
    for path, text in made.items():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return 0


def is_fresh(path: Path, text: str) -> bool:
    """Say whether a file is what it would be made to."""
    return path.exists() and path.read_text() == text


def roi_schema() -> dict[str, Any]:
    """Give the JSON Schema of ROI files."""
    schema = msgspec.json.schema(RoiDocument)
    for shape in schema["$defs"].values():
        if "description" in shape:
            shape["description"] = plain(inspect.cleandoc(shape["description"]))
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **schema}


def struct_classes() -> list[type[Struct]]:
    """Give the shapes in the order they stand in the modules, which share some of them."""
    found = (
        cls
        for module in (schemas, recipe_schemas, roi_schemas, tag_schemas)
        for cls in vars(module).values()
        if isinstance(cls, type) and issubclass(cls, Struct) and cls is not Struct
    )
    return list(dict.fromkeys(found))


def interface(cls: type[Struct]) -> str:
    """Write one shape as a TypeScript interface with its summary line."""
    info = shapes.type_info(cls)
    assert isinstance(info, shapes.StructType)
    lines = [f"/** {plain(inspect.getdoc(cls) or '')} */", f"export interface {cls.__name__} {{"]
    if info.tag_field is not None:
        lines.append(f"  {info.tag_field}: '{info.tag}';")
    for field in info.fields:
        mark = "" if field.required else "?"  # what may be UNSET is left out of the JSON
        lines.append(f"  {field.name}{mark}: {typescript(field.type)};")
    return "\n".join([*lines, "}", ""])


def typescript(kind: shapes.Type) -> str:
    """Write a type."""
    match kind:
        case shapes.StructType(cls=cls):
            return cls.__name__
        case shapes.ListType(item_type=item) | shapes.VarTupleType(item_type=item):
            inner = typescript(item)
            return f"({inner})[]" if " | " in inner else f"{inner}[]"
        case shapes.DictType(value_type=value):
            return f"Record<string, {typescript(value)}>"
        case shapes.LiteralType(values=values):
            return " | ".join(f"'{value}'" for value in values)
        case shapes.UnionType(types=types):
            return " | ".join(dict.fromkeys(typescript(part) for part in types))
    return SCALARS[type(kind)]


def plain(docstring: str) -> str:
    """Give the first paragraph on one line, with TypeScript's code quotes."""
    return re.sub("``", "`", " ".join(docstring.split("\n\n", maxsplit=1)[0].split()))


if __name__ == "__main__":
    sys.exit(main())
