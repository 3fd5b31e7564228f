"""Write frontend/src/api/types.gen.ts from the shapes in dcmview/web/schemas.py.

With --check nothing is written and the exit code says whether the file is fresh.
"""

from __future__ import annotations

import inspect
import re
import sys
from pathlib import Path

from msgspec import Struct
from msgspec import inspect as shapes

from dcmview.web import schemas

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "frontend/src/api/types.gen.ts"
HEADER = "// Made by scripts/api-types from dcmview/web/schemas.py. Do not edit.\n"
SCALARS = {
    shapes.StrType: "string",
    shapes.IntType: "number",
    shapes.FloatType: "number",
    shapes.BoolType: "boolean",
    shapes.NoneType: "null",
    shapes.AnyType: "unknown",
}


def main() -> int:
    """Write or check the file; the return value is the exit code."""
    text = HEADER + "".join(f"\n{interface(cls)}" for cls in struct_classes())
    if "--check" in sys.argv[1:]:
        if TARGET.exists() and TARGET.read_text() == text:
            return 0
        print(f"{TARGET.relative_to(ROOT)} is stale; run scripts/api-types", file=sys.stderr)
        return 1
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_text(text)
    return 0


def struct_classes() -> list[type[Struct]]:
    """Give the shapes in the order they stand in the module."""
    return [
        cls
        for cls in vars(schemas).values()
        if isinstance(cls, type) and issubclass(cls, Struct) and cls is not Struct
    ]


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
        case shapes.ListType(item_type=item):
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
