"""Make trees of files as archives hold them, for the scan benchmark: real headers, small pictures.

A file that is made is the header of a real one with other UIDs, numbers,
positions and times: written once with pydicom, and then changed in place, so
that 50,000 files take half a minute. One file in five is something else. The
same arguments give the same tree. ``index.json`` says what is in it, and is
one of the other files; a folder where it fits is left as it is.
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import struct
import sys
import tempfile
import warnings
import zlib
from collections import Counter
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pydicom
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, generate_uid

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydicom.dataset import Dataset

    Values = dict[str, str]

VERSION = 1
"""Of what is made: a tree of another version is made again."""
DEFAULT_LIKE = (
    Path(pydicom.__file__).parent / "data" / "test_files",
    Path(__file__).resolve().parents[2] / "fixtures",
)
OTHER_SHARE = 5
"""One file in so many is no DICOM."""
SIDE_PX, FRAME_SIDE_PX = 64, 16
"""Rows and columns of single frames, and of frames of a multi-frame object."""
KEPT_BYTES = 32768
"""Compressed or odd pixel data up to this length stay as they are."""
LONGEST_BYTES = 65536
"""A file that would be longer is no example."""
LIKELY_HEADER_BYTES = 8192
"""Up to it, the longer its header the more often an example is taken: scanners write long ones."""
LEAST_ELEMENTS = 25
"""Below it a header is one that was made for a test."""

SHARES = {"slice": 0.88, "picture": 0.07, "multi-frame": 0.02, "object": 0.03}
"""Share of each kind among the DICOM files."""
SERIES_SIZES = {"slice": (100, 300), "picture": (1, 4), "multi-frame": (1, 2), "object": (1, 1)}
SERIES_PER_STUDY = {"slice": 4, "picture": 2, "multi-frame": 2, "object": 1}
"""At the most."""
SLICE_MODALITIES = frozenset({"CT", "MR", "PT"})
MODALITY_WEIGHTS = {"CT": 6, "MR": 4, "CR": 3, "DX": 3, "MG": 3, "US": 3, "SR": 3}
"""How often a study of a kind has this modality, others 1."""
LAYOUTS = ("console", "media", "archive")

UID_LENGTH, DECIMAL_LENGTH = 56, 12
LENGTHS = {
    "MediaStorageSOPInstanceUID": UID_LENGTH,
    "SOPInstanceUID": UID_LENGTH,
    "StudyInstanceUID": UID_LENGTH,
    "SeriesInstanceUID": UID_LENGTH,
    "FrameOfReferenceUID": UID_LENGTH,
    "PatientID": 12,
    "PatientName": 20,
    "AccessionNumber": 8,
    "StudyDate": 8,
    "SeriesNumber": 4,
    "InstanceNumber": 4,
    "AcquisitionNumber": 4,
    "InstanceCreationTime": 13,
    "AcquisitionTime": 13,
    "ContentTime": 13,
    "SliceLocation": DECIMAL_LENGTH,
    "ImagePositionPatient": 3 * DECIMAL_LENGTH + 2,
    "WindowCenter": 6,
    "WindowWidth": 6,
}
"""What differs from file to file, and in how many characters it is written."""
ALWAYS = {
    *("SOPInstanceUID", "StudyInstanceUID", "SeriesInstanceUID"),
    *("PatientID", "PatientName", "StudyDate", "SeriesNumber", "InstanceNumber"),
}
"""Those of them that a file gets even if the real one had none."""


@dataclass(frozen=True)
class Template:
    """A real header with places where other values of the same length can be written."""

    name: str
    kind: str
    modality: str
    content: bytes
    places: dict[str, tuple[int, int]]
    """Offset and length of a value by keyword."""
    header_bytes: int
    position_mm: Any
    step_mm: Any
    """From one slice to the next, along the normal."""
    window: tuple[float, float] | None

    def fill(self, content: bytes | bytearray, values: Values) -> bytearray:
        """Give the content with these values in their places; those without a place are left."""
        filled = bytearray(content)
        for keyword in values.keys() & self.places.keys():
            offset, length = self.places[keyword]
            # UIDs fill their place, and all other text may end in spaces (PS3.5 6.2).
            filled[offset : offset + length] = values[keyword].encode("ascii").ljust(length)
        if len(filled) != len(content):
            raise SystemExit(f"scan_tree.py: a value is longer than its place in {self.name}")
        return filled


@dataclass(frozen=True)
class Series:
    """What is made of one template: so many files of a study."""

    template: Template
    size: int


def read_templates(folders: list[Path]) -> list[Template]:
    """One template for each series and syntax found below the folders.

    Left out is what pydicom warns about or fails to read, so that damage of
    one file does not come back a thousand times, and what is deflated, since
    its bytes cannot be changed in place.
    """
    found: dict[tuple[str, str], Template] = {}
    for folder in folders:
        for path in sorted(folder.rglob("*"), key=lambda path: path.relative_to(folder).parts):
            if not path.is_file():
                continue
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("error")
                    dataset = pydicom.dcmread(path)
                    series_uid = dataset.SeriesInstanceUID
                    made = template(path.name, dataset)
                    # After it, since a long compressed picture has become one that is not.
                    found.setdefault((series_uid, dataset.file_meta.TransferSyntaxUID), made)
            except Exception:  # noqa: BLE001 - whatever is wrong with it, it is no example
                continue
    if not found:
        raise SystemExit("scan_tree.py: no DICOM file that could serve as an example")
    return list(found.values())


def template(name: str, dataset: Dataset) -> Template:
    """Make the picture of a data set small and the elements that will differ as long as needed.

    Raises ValueError where that cannot be done.
    """
    if dataset.file_meta.TransferSyntaxUID == DeflatedExplicitVRLittleEndian:
        raise ValueError("deflated")
    if not dataset.Modality or len(dataset) < LEAST_ELEMENTS:
        raise ValueError("not what an archive holds")
    kind = kind_of(dataset)
    make_small(dataset)
    position, step = placement(dataset) if kind == "slice" else (None, None)
    window = None
    if dataset.Modality == "MR" and np.ndim(dataset.get("WindowCenter") or [0, 0]) == 0:
        window = float(dataset.WindowCenter), float(dataset.WindowWidth)
    for keyword, length in LENGTHS.items():
        if keyword.startswith("Window") and window is None:
            continue
        if keyword in ALWAYS or dataset.get(keyword):
            setattr(dataset, keyword, filler(keyword, length))
    dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    content = buffer.getvalue()
    places = find_places(content)
    if len(content) > LONGEST_BYTES or not places.keys() >= ALWAYS:
        raise ValueError("too long, or without what tells files apart")
    header_bytes = len(content) - len(dataset.get("PixelData") or b"")
    return Template(
        name, kind, dataset.Modality, content, places, header_bytes, position, step, window
    )


def kind_of(dataset: Dataset) -> str:
    """One of the kinds of `SHARES`."""
    if "Rows" not in dataset:
        return "object"
    if (dataset.get("NumberOfFrames") or 1) > 1:
        return "multi-frame"
    is_slice = dataset.Modality in SLICE_MODALITIES and dataset.get("ImagePositionPatient")
    return "slice" if is_slice else "picture"


def placement(dataset: Dataset) -> tuple[Any, Any]:
    """Position of a slice and the way to its neighbour, mm."""
    position = np.array(dataset.ImagePositionPatient, float)
    row, column = np.array(dataset.ImageOrientationPatient, float).reshape(2, 3)
    distance = dataset.get("SpacingBetweenSlices") or dataset.get("SliceThickness") or 1
    return position, np.cross(row, column) * abs(float(distance))


def filler(keyword: str, length: int) -> str:
    """Give a value that keeps the place of an element."""
    if keyword.endswith("UID"):
        return make_uid(keyword)
    if keyword == "ImagePositionPatient":
        return "\\".join(3 * ["1" * DECIMAL_LENGTH])
    if keyword.endswith("Time"):
        return "111111.111111"
    return "20000101" if keyword == "StudyDate" else "1" * length


def find_places(content: bytes) -> dict[str, tuple[int, int]]:
    """Where the values that will differ lie in a file."""
    dataset = pydicom.dcmread(BytesIO(content))
    places: dict[str, tuple[int, int]] = {}
    for keyword, length in LENGTHS.items():
        holder = dataset.file_meta if keyword.startswith("MediaStorage") else dataset
        if keyword in holder:
            element: Any = holder.get_item(keyword)  # raw, as nobody has asked for its value yet
            expected = filler(keyword.removeprefix("MediaStorage"), length)
            # The windows of what is no MR are there, and stay as they are.
            if (element.value or b"").rstrip(b" \0") == expected.encode():
                places[keyword] = (element.value_tell, element.length)
    return places


def make_small(dataset: Dataset) -> None:
    """Cut the picture to its middle, with Rows and Columns to match.

    Short compressed data stay; a long picture that would have to be decoded is
    replaced by a ramp that is not compressed. Raises ValueError for others.
    """
    stored = dataset.get("PixelData")
    if stored is None:
        return
    bits, samples = dataset.BitsAllocated, dataset.SamplesPerPixel
    frame_count = int(dataset.get("NumberOfFrames") or 1)
    side = SIDE_PX if frame_count == 1 else FRAME_SIDE_PX
    is_compressed = dataset.file_meta.TransferSyntaxUID.is_compressed
    if is_compressed and len(stored) > KEPT_BYTES and bits in {8, 16}:
        ramp = np.add.outer(np.arange(side), np.arange(side)) << (dataset.BitsStored - 8)
        frames = np.broadcast_to(ramp[:, :, None], (frame_count, side, side, samples))
        small = frames.astype(f"<u{bits // 8}").tobytes()
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        if samples == 3:
            dataset.PhotometricInterpretation, dataset.PlanarConfiguration = "RGB", 0
    elif (
        not is_compressed and bits in {8, 16, 32} and "422" not in dataset.PhotometricInterpretation
    ):
        is_planar = samples > 1 and dataset.get("PlanarConfiguration") == 1
        size = (dataset.Rows, dataset.Columns)
        shape = (frame_count, samples, *size, 1) if is_planar else (frame_count, 1, *size, samples)
        # Samples are moved, not read, so their sign and byte order do not matter.
        frames = np.frombuffer(stored, f"V{bits // 8}", int(np.prod(shape))).reshape(shape)
        rows, columns = (middle(length, side) for length in size)
        small = frames[:, :, rows][:, :, :, columns].tobytes()
    elif len(stored) > KEPT_BYTES:
        raise ValueError("long pixel data of a kind that is not cut")
    else:
        return
    dataset.Rows = dataset.Columns = side
    dataset.add_new("PixelData", "OW" if bits > 8 else "OB", small)


def middle(length: int, side: int) -> Any:
    """Indices of the middle of a row, mirrored at its ends where it is shorter than wanted."""
    indices = np.arange(side) + length // 2 - side // 2
    return np.abs((indices + length) % (2 * length) - length + 0.5).astype(np.intp)


def make_uid(*sources: object) -> str:
    """UID that follows from what it is of, always of the same length."""
    return str(generate_uid(entropy_srcs=["dcmview scan", *map(str, sources)]))[:UID_LENGTH]


def plan(templates: list[Template], file_count: int, rng: random.Random) -> list[list[Series]]:
    """Studies of series, so many files in all; a kind without templates leaves its share."""
    kinds = [kind for kind in SHARES if any(each.kind == kind for each in templates)]
    total = sum(SHARES[kind] for kind in kinds)
    counts = {kind: int(file_count * SHARES[kind] / total) for kind in kinds}
    counts[kinds[0]] += file_count - sum(counts.values())
    studies = []
    for kind, count in counts.items():
        by_modality: dict[str, list[Template]] = {}
        for each in templates:
            if each.kind == kind:
                by_modality.setdefault(each.modality, []).append(each)
        weights = [MODALITY_WEIGHTS.get(modality, 1) for modality in by_modality]
        remaining = count
        while remaining:
            (choice,) = rng.choices(list(by_modality.values()), weights)
            study = []
            for _ in range(rng.randint(1, SERIES_PER_STUDY[kind])):
                size = min(remaining, rng.randint(*SERIES_SIZES[kind]))
                remaining -= size
                if size:
                    sizes = [min(each.header_bytes, LIKELY_HEADER_BYTES) for each in choice]
                    study.append(Series(rng.choices(choice, sizes)[0], size))
            studies.append(study)
    rng.shuffle(studies)
    return studies


def study_files(
    study_number: int, study: list[Series], rng: random.Random
) -> Iterator[tuple[str, bytes, Template]]:
    """Path in the tree, content and template of each file of a study."""
    patient_number = study_number * 4 // 5
    layout = rng.choice(LAYOUTS)
    date = f"{rng.randint(2012, 2025)}{rng.randint(1, 12):02}{rng.randint(1, 28):02}"
    study_uid = make_uid("study", study_number)
    for series_number, series in enumerate(study, 1):
        template = series.template
        series_uid = make_uid("series", study_number, series_number)
        content = template.fill(
            template.content,
            {
                "PatientID": f"BENCH-{patient_number:06}",
                "PatientName": f"Bench^Patient {patient_number:06}",
                "AccessionNumber": f"{study_number:08}",
                "StudyDate": date,
                "StudyInstanceUID": study_uid,
                "SeriesInstanceUID": series_uid,
                "SeriesNumber": str(series_number),
                "FrameOfReferenceUID": make_uid("frame of reference", study_number),
            },
        )
        folder = {
            "console": f"P{patient_number:06}/{date}/{series_number:02}-{template.modality}",
            "media": f"DICOM/PA{patient_number:06}/ST{study_number:06}/SE{series_number:06}",
            "archive": f"archive/{study_uid}/{series_uid}",
        }[layout]
        # An axial CT that stops for each slice counts its acquisitions, and times each.
        by_steps = series_number % 2 == 1 and template.modality == "CT"
        for number in range(1, series.size + 1):
            values = instance_values(template, number, by_steps=by_steps)
            uid = make_uid("instance", study_number, series_number, number)
            values |= {"SOPInstanceUID": uid, "MediaStorageSOPInstanceUID": uid}
            name = {
                "console": f"IM-{series_number:04}-{number:04}.dcm",
                "media": f"IM{number:06}",
                "archive": f"{uid}.dcm",
            }[layout]
            yield f"{folder}/{name}", bytes(template.fill(content, values)), template


def instance_values(template: Template, number: int, *, by_steps: bool) -> Values:
    """What differs inside a series besides the UIDs."""
    values = {
        "InstanceNumber": str(number),
        "AcquisitionNumber": str(number if by_steps else 1),
        "AcquisitionTime": clock(number if by_steps else 1),
        "ContentTime": clock(number + 0.25),
        "InstanceCreationTime": clock(number + 0.5),
    }
    if template.position_mm is not None:
        position = template.position_mm + (number - 1) * template.step_mm
        along_mm = position @ template.step_mm / np.linalg.norm(template.step_mm)
        values["ImagePositionPatient"] = "\\".join(decimal(float(each)) for each in position)
        values["SliceLocation"] = decimal(float(along_mm))
    if template.window is not None:
        center, width = template.window
        values["WindowCenter"] = str(round(center) + number % 7)
        values["WindowWidth"] = str(max(round(width), 1) + number % 11)
    return values


def decimal(value: float) -> str:
    """Write a decimal string of the length of its place."""
    return f"{value:.10f}"[:DECIMAL_LENGTH]


def clock(number: float) -> str:
    """Time of day so many slices after ten."""
    seconds, millionths = divmod(round(number * 1_300_000), 1_000_000)
    return f"{10 + seconds // 3600:02}{seconds // 60 % 60:02}{seconds % 60:02}.{millionths:06}"


def other_file(number: int, rng: random.Random) -> tuple[str, bytes]:
    """Name and content of a file that is no DICOM."""
    match number % 5:
        case 0:
            words = ("scan", "of", "patient", "no", "findings", "see", "report", "contrast", "left")
            text = " ".join(rng.choices(words, k=rng.randint(20, 800)))
            return f"report-{number}.txt", text.encode()
        case 1:
            values = {f"key-{place}": rng.random() for place in range(rng.randint(5, 150))}
            return f"export-{number}.json", json.dumps(values, indent=1).encode()
        case 2:
            return f"key-image-{number}.png", gray_png(rng.randbytes(rng.randint(30, 140) * 64))
        case 3:
            return f"empty-{number}.dcm", b""
        case _:
            return f"DATA{number:06}", rng.randbytes(rng.randint(200, 8000))


def gray_png(samples: bytes) -> bytes:
    """Picture of 64 columns, 8 bits."""
    rows = len(samples) // 64
    lines = b"".join(b"\0" + samples[row * 64 : (row + 1) * 64] for row in range(rows))
    chunks = (
        (b"IHDR", struct.pack(">IIBBBBB", 64, rows, 8, 0, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines, 1)),
        (b"IEND", b""),
    )
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def make(folder: Path, file_count: int, like: list[Path] | None = None) -> dict[str, Any]:
    """Fill a folder with so many files and give its index, as ``index.json`` has it.

    The folder is put in place only when it is whole.
    """
    wanted = {
        "version": VERSION,
        "files": file_count,
        "like": [str(path.resolve()) for path in like] if like else None,
    }
    index_path = folder / "index.json"
    if index_path.is_file():
        index: dict[str, Any] = json.loads(index_path.read_text())
        if wanted.items() <= index.items():
            return index
    if folder.exists():
        if not index_path.is_file():
            raise SystemExit(f"scan_tree.py: {folder} exists and was not made here")
        shutil.rmtree(folder)  # ours, since it has our index
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as work:
        whole = Path(work) / "tree"
        whole.mkdir()
        index = {**wanted, **fill_folder(whole, file_count, like or list(DEFAULT_LIKE))}
        (whole / "index.json").write_text(json.dumps(index, indent=1))
        whole.rename(folder)
    mebibytes = index["size_bytes"] / 2**20
    print(f"{folder}: {file_count} files, {mebibytes:.0f} MiB", file=sys.stderr)
    return index


def fill_folder(folder: Path, file_count: int, like: list[Path]) -> dict[str, Any]:
    """Write all files but the index, and say what they are."""
    rng = random.Random(file_count)
    templates = read_templates(like)
    other_count = file_count // OTHER_SHARE
    folders: dict[str, None] = {}
    kinds: Counter[str] = Counter()
    modalities: Counter[str] = Counter()
    header_bytes, size_bytes, series_count = [], 0, 0
    for study_number, study in enumerate(plan(templates, file_count - other_count, rng)):
        series_count += len(study)
        for name, content, template in study_files(study_number, study, rng):
            parent = name.rpartition("/")[0]
            if parent not in folders:
                (folder / parent).mkdir(parents=True)
                folders[parent] = None
            (folder / name).write_bytes(content)
            kinds[template.kind] += 1
            modalities[template.modality] += 1
            header_bytes.append(template.header_bytes)
            size_bytes += len(content)
    places = list(folders)
    for number in range(other_count - 1):  # the index is one more
        name, content = other_file(number, rng)
        (folder / rng.choice(places) / name).write_bytes(content)
        size_bytes += len(content)
    return {
        "dicom_files": file_count - other_count,
        "series": series_count,
        "size_bytes": size_bytes,
        "median_header_bytes": round(statistics.median(header_bytes)),
        "kinds": dict(kinds.most_common()),
        "modalities": dict(modalities.most_common()),
        "templates": [[t.name, t.kind, t.modality, t.header_bytes] for t in templates],
    }
