"""``dcmview render`` as a process: pipes, exit codes, and what each option does."""

from __future__ import annotations

import base64
import gzip
import io
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pydicom
import pytest
from PIL import Image
from support.datasets import image, part10
from support.pixel_files import pixel_file_named

from dcmview import __main__ as main
from dcmview import __version__, render
from dcmview.cli.render import check
from dcmview.cli.render_options import RenderOptions
from dcmview.errors import RequestError, UsageError

ROOT = Path(__file__).parents[2]
CT = str(pixel_file_named("CT_small.dcm"))
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


class Done(NamedTuple):
    """A command that has ended."""

    returncode: int
    stdout: bytes
    stderr: bytes


@pytest.fixture
def run(capfdbinary):
    """Runs a command line in this process."""

    def run_here(*arguments):
        capfdbinary.readouterr()
        code = main.run(["render", *map(str, arguments)])
        return Done(code, *capfdbinary.readouterr())

    return run_here


@pytest.fixture
def product(run):
    """What a run that says nothing else puts on standard output."""

    def product_of(*arguments):
        done = run(*arguments)
        assert (done.returncode, done.stderr) == (0, b"")
        return done.stdout

    return product_of


@pytest.fixture
def error(run):
    """The one line of a run that fails."""
    return lambda *arguments, code: error_line(run(*arguments), code)


def error_line(done, code):
    assert (done.returncode, done.stdout) == (code, b"")
    (line,) = done.stderr.decode().splitlines()
    assert line.startswith("dcmview: error: ")
    return line


def piped(content, *arguments):
    """A process that gets bytes through a pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "dcmview", "render", *map(str, arguments)],
        input=content,
        capture_output=True,
        timeout=60,
        env=ENVIRONMENT,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def tar_of(name, content):
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        member = tarfile.TarInfo(name)
        member.size = len(content)
        archive.addfile(member, io.BytesIO(content))
    return stream.getvalue()


def shell(line, **variables):
    program = f"{sys.executable} -m dcmview render"
    return subprocess.run(
        ["bash", "-c", f"set -o pipefail; {line}"],
        capture_output=True,
        timeout=60,
        env={**ENVIRONMENT, "RENDER": program, **variables},
        check=False,
    )


# Pipes


def test_json_of_a_pipe_is_json_and_nothing_else():
    line = (
        'cat "$FILE" | $RENDER - | python3 -c "import json, sys; '
        "print(len(json.load(sys.stdin)['pixelData']))\""
    )
    done = shell(line, FILE=CT)
    assert (done.stdout, done.stderr, done.returncode) == (b"16384\n", b"", 0)


def test_a_pipe_is_read_without_being_asked_for_and_gives_what_the_file_gives(tmp_path):
    done = shell('$RENDER -f png < "$FILE" | cat', FILE=CT)
    assert done.stdout == render(CT).png()
    # Through a pipe a name is no path: what has come in small pieces is still whole.
    slow = shell('(head -c 50 "$FILE"; sleep 0.2; tail -c +51 "$FILE") | $RENDER -f png', FILE=CT)
    assert slow.stdout == done.stdout


def test_a_pipe_with_a_name_is_read_like_standard_input(tmp_path):
    done = shell('$RENDER <(cat "$FILE") -f png', FILE=CT)
    assert (done.stdout, done.stderr, done.returncode) == (render(CT).png(), b"", 0)
    nothing = shell("$RENDER <(echo a.dcm)")
    assert error_line(nothing, 4).endswith(": no DICOM data set")


def test_a_data_set_without_preamble_comes_through_the_pipe(tmp_path):
    content = part10(image(SOPClassUID="1.2.840.10008.5.1.4.1.1.7"))
    bare = content[content.index(b"\x08\x00\x16\x00UI") :]
    assert piped(bare, "-f", "png").stdout == render(bare).png()


def test_a_reader_that_goes_away_ends_it_without_a_word():
    done = shell(
        '$RENDER --encoding array "$FILE" | head -c 1 > /dev/null; echo ${PIPESTATUS[0]}',
        FILE=str(pixel_file_named("JPEG-LL.dcm")),
    )
    assert (done.stdout.strip(), done.stderr) == (b"141", b"")


def test_a_full_disk_is_an_error_of_one_line():
    with open("/dev/full", "wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "dcmview", "render", CT],
            stdout=full,
            stderr=subprocess.PIPE,
            env=ENVIRONMENT,
            timeout=60,
            check=False,
        )
    assert done.returncode == 4
    assert done.stderr == (
        b"dcmview: error: standard output cannot be written: No space left on device\n"
    )


def test_an_output_that_does_not_wait_for_its_reader_gets_all_of_it():
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    command = [sys.executable, "-m", "dcmview", "render", CT]  # more than a pipe holds
    with subprocess.Popen(command, stdout=writer, stderr=subprocess.PIPE, env=ENVIRONMENT) as child:
        os.close(writer)
        with open(reader, "rb") as stream:
            content = stream.read()
        assert (child.wait(60), child.stderr.read()) == (0, b"")
    assert content == render(CT).json() + b"\n"


def test_an_output_that_is_taken_in_pieces_is_whole(product, monkeypatch):
    write = os.write
    monkeypatch.setattr("os.write", lambda descriptor, content: write(descriptor, content[:1000]))
    assert product(CT, "-f", "png") == render(CT).png()


def test_what_libraries_print_does_not_reach_the_product(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(
        "import sys\n"
        "from importlib import abc\n"
        "class Noise(abc.MetaPathFinder):\n"
        "    def find_spec(self, name, path, target=None):\n"
        "        if name == 'dcmview.rendering.product':\n"
        "            import os; print('noise'); os.write(1, b'more noise')\n"
        "sys.meta_path.insert(0, Noise())\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "dcmview", "render", CT, "-f", "png"],
        capture_output=True,
        env={**ENVIRONMENT, "PYTHONPATH": f"{tmp_path}:{ROOT}"},
        timeout=60,
        check=False,
    )
    assert done.stdout == render(CT).png()
    assert b"noise" in done.stderr


@pytest.mark.parametrize("name", ["MR_truncated.dcm", "693_J2KI.dcm", "JPEG-LL.dcm"])
def test_messages_of_all_kinds_leave_standard_output_alone(run, name):
    quiet = run(pixel_file_named(name), "--quiet")
    loud = run(pixel_file_named(name), "--debug", "--perf")
    assert quiet.stderr == b""
    assert loud.stderr.count(b"\n") >= 8
    found = json.loads(loud.stdout)
    assert found.pop("_perf").splitlines()[0].endswith("init-done")
    assert found == json.loads(quiet.stdout)


def test_a_frame_that_ends_early_is_told(run):
    done = run(pixel_file_named("MR_truncated.dcm"))
    assert b"ends early" in done.stderr
    assert json.loads(done.stdout)["truncated"] is True


# Errors


def test_every_way_to_fail_is_one_line_and_an_exit_code(error, tmp_path):
    report, bad = ROOT / "fixtures/report/measurements.dcm", tmp_path / "bad.dcm"
    content = pixel_file_named("693_J2KI.dcm").read_bytes()
    begin = content.index(b"\xff\x4f\xff\x51")  # SOC and SIZ of JPEG 2000
    bad.write_bytes(content[:begin] + bytes(100) + content[begin + 100 :])
    assert "measurements.dcm: holds no image: Enhanced SR" in error(report, code=4)
    assert "CT_small.dcm: has 1 frame(s) counted from 0, no frame 1" in error(
        CT, "--frame", 1, code=4
    )
    assert "bad.dcm: no JPEG 2000 codestream" in error(bad, code=4)
    assert "no such file" in error(tmp_path / "none.dcm", code=2)
    assert "no DICOM data set" in error(ROOT / "README.md", code=4)
    packed = tmp_path / "a.dcm.gz"
    packed.write_bytes(gzip.compress(content))
    assert "a.dcm.gz: a compressed file (gzip), which is not opened" in error(packed, code=4)
    assert "voi=9 does not exist" in error(CT, "--voi", 9, code=2)
    assert "--output must be one of json" in error(CT, "--output", "gif", code=2)
    found = error(CT, "-o", "picture.GIF", code=2)
    assert found.startswith("dcmview: error: .gif is not among the forms of --output: json, jpeg")


@pytest.mark.parametrize(
    ("content", "words", "code"),
    [
        (b"\x89PNG\r\n\x1a\n" + bytes(200), "standard input: no DICOM data set", 4),
        (b"PK\x03\x04" + bytes(200), "standard input: an archive, not a DICOM file", 4),
        (tar_of("a.dcm", bytes(300)), "standard input: an archive, not a DICOM file", 4),
        (gzip.compress(bytes(300), mtime=0), "standard input: a compressed file (gzip)", 4),
        (b"hello\n", "standard input is not DICOM; for a list of paths", 2),
        (b"", "nothing came on standard input", 1),
    ],
)
def test_a_pipe_without_dicom_is_told_apart(content, words, code):
    assert words in error_line(piped(content), code)


def test_what_is_no_dicom_is_not_read_to_its_end():
    command = [sys.executable, "-m", "dcmview", "render", "-"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env=ENVIRONMENT
    ) as child:
        child.stdin.write(b"\x89PNG\r\n\x1a\n" + bytes(5000))
        child.stdin.flush()
        assert child.wait(20) == 4
        assert child.stderr.read() == b"dcmview: error: standard input: no DICOM data set\n"


def test_an_output_that_is_there_is_left_alone_unless_told_otherwise(product, error, tmp_path):
    output = tmp_path / "a.png"
    output.write_bytes(b"mine")
    assert "there is a file of that name" in error(CT, "-o", output, code=4)
    assert output.read_bytes() == b"mine"
    product(CT, "-o", output, "--overwrite")
    assert output.read_bytes() == render(CT).png()
    copy = tmp_path / "copy.dcm"
    copy.write_bytes(Path(CT).read_bytes())
    assert "replace the input" in error(copy, "-o", copy, "--overwrite", code=4)
    assert "replace the input" in error(copy, "--explain", "-o", copy, "--overwrite", code=4)
    assert copy.read_bytes() == Path(CT).read_bytes()
    rois = tmp_path / "rois.csv"
    rois.write_text('anon_dicom_path,ROI_coords,ROI_frames\nx,"[[1, 1, 5, 5]]",\n')
    drawn = (CT, "--annotations", rois, "-q", "--overwrite", "-f", "json")
    assert "replace the input" in error(*drawn, "-o", rois, code=4)
    assert "which is read" in error(*drawn, "--output-dir", tmp_path, code=2)
    assert rois.read_text().startswith("anon_dicom_path")


def test_a_file_that_comes_as_standard_input_is_not_replaced(tmp_path):
    copy = tmp_path / "copy.dcm"
    copy.write_bytes(Path(CT).read_bytes())
    done = shell('$RENDER - -o "$COPY" --overwrite < "$COPY"', COPY=str(copy))
    assert "would replace the input" in error_line(done, 4)
    assert copy.read_bytes() == Path(CT).read_bytes()


def test_pictures_of_other_rois_are_not_finished(run, tmp_path):
    table = tmp_path / "rois.csv"
    name = pydicom.dcmread(CT, stop_before_pixels=True).SOPInstanceUID
    many = (CT, "-f", "png", "--output-dir", tmp_path / "out", "--annotations", table)
    codes = []
    for edge in (5, 5, 60):
        table.write_text(f'anon_dicom_path,ROI_coords\n{name}.png,"[[1, 1, 5, {edge}]]"\n')
        os.utime(table, ns=(0, edge))
        codes.append(run(*many).returncode)
    assert codes == [0, 0, 4]


def test_rois_that_cannot_be_read_end_a_run_of_many_files_before_it_begins(error, tmp_path):
    (tmp_path / "rois.json").write_text("{")
    many = (CT, "-f", "png", "--output-dir", tmp_path / "out")
    found = error(*many, "--annotations", tmp_path / "rois.json", code=3)
    assert "rois.json: not JSON" in found
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("name", ["-", "/dev/stdout"])
def test_standard_output_by_its_name_is_standard_output(product, name):
    assert product(CT, "-o", name, "-f", "png") == render(CT).png()


def test_a_pipe_as_output_file_gets_the_product():
    done = shell('$RENDER "$FILE" -f png -o >(cat) | cat', FILE=CT)
    assert (done.returncode, done.stdout, done.stderr) == (0, render(CT).png(), b"")


def test_a_terminal_is_not_waited_for(error, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    assert "no PATH given" in error(code=2)


def test_closed_standard_streams_are_an_error_of_one_line():
    for line, code in (('$RENDER "$FILE" >&-', 4), ("$RENDER - <&-", 2)):
        done = shell(line, FILE=CT)
        (words,) = done.stderr.decode().splitlines()
        assert (done.returncode, "is closed" in words) == (code, True)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"frame": -1}, "--frame"),
        ({"frame": 0, "all_frames": True}, "--all-frames"),
        ({"window": "40"}, "--window"),
        ({"window": "40,x"}, "--window"),
        ({"window": "40,0"}, "--window"),
        ({"window": "nan,1"}, "--window"),
        ({"window": "40,400", "voi": 0}, "only one of"),
        ({"voi": 0, "full_dynamic": True}, "only one of"),
        ({"voi": -1}, "--voi"),
        ({"size": 0}, "--size"),
        ({"quality": 0}, "--quality"),
        ({"quality": 101}, "--quality"),
        ({"output_file": "a", "output_dir": "b"}, "--output-dir"),
        ({"output_file": ""}, "--output-file has no name"),
        ({"report": "a"}, "--report is for files in --output-dir"),
        ({"filter": ("modality=CT",)}, "--filter"),
        ({"cluster": "tcp://a:1"}, "--cluster"),
        ({"annotations": "no-such.csv"}, "no-such.csv"),
        ({"output": "tiff16", "colormap": "pet"}, "--colormap"),
        ({"output": "tiff16", "size": 9}, "--size"),
        ({"output": "npy", "values": "stored", "invert": True}, "--invert"),
        ({"output": "npy", "values": "modality", "voi": 0}, "--voi"),
        ({"output": "npy", "values": "stored", "full_dynamic": True}, "--full-dynamic"),
        ({"values": "modality"}, "--values is for npy and tiff16, not for json"),
        ({"output": "png", "encoding": "base64"}, "--encoding is for json, not for png"),
        ({"explain": True, "all_frames": True}, "--explain is for one frame"),
        ({"explain": True, "output_file": "a.png"}, "--explain writes text or JSON, not png"),
        ({"paths": ("no-such.dcm",)}, "no-such.dcm"),
    ],
)
def test_options_that_make_no_sense_are_refused_by_name(options, words):
    with pytest.raises((UsageError, RequestError), match=words):
        check(RenderOptions(**{"paths": (CT,)} | options))


# Options


def test_version_is_said_as_json(product):
    assert json.loads(product("-v")) == {
        "pipeline": f"dcmview-v{__version__}",
        "protocol_version": 1,
    }


@pytest.mark.parametrize(
    ("options", "keywords"),
    [
        (["--window", "-600,1500"], {"window": (-600, 1500)}),
        (["--window=40,400", "--invert"], {"window": (40, 400), "invert": True}),
        (["--full-dynamic", "--colormap", "pet"], {"full_dynamic": True, "colormap": "pet"}),
        (["--voi", "0", "--size", "40"], {"voi": 0, "size": 40}),
        (["--overlay", "--frame", "0"], {"overlay": True}),
    ],
)
def test_options_of_the_picture_are_those_of_the_function(product, options, keywords):
    path = pixel_file_named("MR-SIEMENS-DICOM-WithOverlays.dcm")
    assert product(path, "--output=png", *options) == render(path, **keywords).png()


def test_rois_are_drawn_as_the_function_does_and_their_absence_is_told(run, product, tmp_path):
    table, columns = tmp_path / "boxes.csv", "file=image,xmin=x1,ymin=y1,xmax=x2,ymax=y2"
    table.write_text("image,x1,y1,x2,y2\nCT_small.dcm,10,10,60,50\n")
    drawn = product(CT, "-f", "png", "--annotations", table, "--annotations-columns", columns)
    pixels = np.asarray(Image.open(io.BytesIO(drawn)))
    assert (pixels[10, 10:60] == [255, 216, 77]).all()
    table.write_text("image,x1,y1,x2,y2\nother.dcm,10,10,60,50\n")
    other = ("-f", "png", "--annotations", table, "--annotations-columns", columns)
    assert b"has no ROI of this image" in run(CT, *other).stderr
    assert run(CT, *other, "--quiet").stderr == b""


def test_quality_decides_the_size_of_a_jpeg(product):
    low, high = (product(CT, "-f", "jpeg", "--quality", each) for each in (10, 95))
    assert len(low) < len(high) / 3
    assert Image.open(io.BytesIO(low)).format == "JPEG"


def test_base64_holds_the_samples_in_fewer_bytes(product):
    text, short = product(CT), product(CT, "--encoding", "base64")
    found = json.loads(short)
    stored = np.frombuffer(base64.b64decode(found["pixelData"]), found["pixelDataType"])
    assert stored.tolist() == json.loads(text)["pixelData"]
    assert len(short) < len(text)


@pytest.mark.parametrize(
    ("options", "kind"), [([], "int16"), (["--values", "modality"], "int32"), (["--invert"], "u1")]
)
def test_an_array_has_the_values_that_were_asked_for(product, options, kind):
    found = np.load(io.BytesIO(product(CT, "-f", "npy", *options)))
    assert found.dtype == np.dtype(kind)


def test_the_first_window_of_a_file_asks_for_display_values(product):
    path = pixel_file_named("MR-SIEMENS-DICOM-WithOverlays.dcm")
    found = np.load(io.BytesIO(product(path, "-f", "npy", "--voi", "0")))
    assert np.array_equal(found, render(path, voi=0).pixels)


def test_the_name_of_the_output_says_its_form(product, tmp_path):
    for ending, magic in ((".tif", b"II*"), (".webp", b"RIFF"), (".npy", b"\x93NUMPY")):
        product(CT, "-o", tmp_path / f"a{ending}")
        assert (tmp_path / f"a{ending}").read_bytes().startswith(magic)


def test_all_frames_go_out_one_after_the_other(product, error):
    path = pixel_file_named("emri_small.dcm")
    lines = product(path, "--all-frames").splitlines()
    assert [json.loads(line)["frame"] for line in lines] == list(range(10))
    array = np.load(io.BytesIO(product(path, "--all-frames", "--output", "npy")))
    assert (array == pydicom.dcmread(path).pixel_array).all()
    assert "--output-dir" in error(path, "--all-frames", "-f", "png", code=2)


def test_an_explanation_takes_the_place_of_the_picture(product):
    text = product(CT, "--explain", "--window", "40,400").decode()
    assert "(0028,1053) Rescale Slope" in text
    assert "0 up to -160 HU, 255 from 239 HU" in text
    assert "0 to 255 becomes 0 to 255" in text
    assert "0 to 255 becomes 255 to 0" in product(CT, "--explain", "--invert").decode()
    small = product(CT, "--explain", "--size", "32", "--colormap", "viridis").decode()
    *_, last = small.splitlines()
    assert last.endswith("0 is black; in the colours of viridis; made smaller: 32 x 32 pixels")
    steps = json.loads(product(CT, "--explain", "--output", "json"))["steps"]
    assert [step["step"] for step in steps][:2] == ["samples", "padding"]


def test_an_explanation_is_json_in_a_file_that_is_called_so_and_text_in_another(product, tmp_path):
    product(CT, "--explain", "-o", tmp_path / "a.json")
    product(CT, "--explain", "-o", tmp_path / "a.txt")
    assert json.loads((tmp_path / "a.json").read_text())["steps"][0]["step"] == "samples"
    assert (tmp_path / "a.txt").read_text().startswith("1. Stored values: ")


def test_an_explanation_counts_the_rois_in_the_picture(run, product, tmp_path):
    table = tmp_path / "rois.csv"
    for boxes, words in (("[1, 1, 5, 5]", "1 ROI"), ("[1, 1, 5, 5], [2, 2, 9, 9]", "2 ROIs")):
        table.write_text(f'anon_dicom_path,ROI_coords\nCT_small.dcm,"[{boxes}]"\n')
        *_, last = product(CT, "--explain", "--annotations", table).decode().splitlines()
        assert last.endswith(f"0 is black; {words} drawn in colour")
    table.write_text('anon_dicom_path,ROI_coords\nother.dcm,"[[1, 1, 5, 5]]"\n')
    done = run(CT, "--explain", "--annotations", table)
    assert b"has no ROI of this image" in done.stderr
    assert b"drawn" not in done.stdout


# Many files


@pytest.fixture
def folder(tmp_path):
    for name in ("a", "b"):
        (tmp_path / "in" / name).mkdir(parents=True)
        (tmp_path / "in" / name / "1.dcm").write_bytes(
            part10(image(SOPInstanceUID=f"1.2.{ord(name)}"))
        )
    (tmp_path / "in/notes.txt").write_text("no DICOM")
    return tmp_path


def made(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file())


def test_files_of_a_folder_are_mirrored_and_not_made_twice(run, folder):
    output = folder / "out"
    arguments = (folder / "in", "-f", "png", "--output-dir", output, "--jobs", 1)
    first = run(*arguments)
    assert first.returncode == 0
    assert b"2 done, 1 skipped" in first.stderr
    assert made(output) == ["a/1.png", "b/1.png"]
    assert (output / "a/1.png").read_bytes() == render(folder / "in/a/1.dcm").png()
    assert b"3 skipped" in run(*arguments).stderr


def test_processes_make_the_same_bytes_as_one(run, tmp_path):
    for jobs in (1, 2):
        done = run(
            *(ROOT / f"fixtures/ct/slice-{number:02}.dcm" for number in range(1, 6)),
            *("-f", "npy", "--values", "modality", "--output-dir", tmp_path / str(jobs)),
            *("--jobs", jobs),
        )
        assert done.returncode == 0
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / n).iterdir()} for n in "12")
    assert len(one) == 5
    assert one == two


def test_a_list_through_the_pipe_names_the_files(folder):
    report = folder / "report.jsonl"
    paths = f"{folder}/in/a/1.dcm\n{folder}/in/none.dcm\n".encode()
    options = ("--output-dir", folder / "out", "--names", "uid", "--report", report)
    done = piped(paths, "-", *options)
    assert done.returncode == 4
    assert made(folder / "out") == ["1.2.97.json"]
    lines = [json.loads(line) for line in report.read_text().splitlines()]
    assert [line["status"] for line in lines] == ["done", "failed"]


def test_frames_of_a_piped_file_are_called_by_its_uid(tmp_path):
    content = pixel_file_named("emri_small.dcm").read_bytes()
    uid = pydicom.dcmread(io.BytesIO(content), stop_before_pixels=True).SOPInstanceUID
    done = piped(content, "--all-frames", "--output", "png", "--output-dir", tmp_path)
    assert (done.returncode, done.stdout) == (0, b"")
    assert made(tmp_path) == [f"{uid}.f{frame:04}.png" for frame in range(10)]


def test_a_piped_file_is_called_standard_input(tmp_path):
    report = tmp_path / "report.jsonl"
    content = Path(CT).read_bytes()
    done = piped(content, "--frame", 1, "--output-dir", tmp_path / "out", "--report", report)
    assert done.stderr.startswith(b"dcmview: failed standard input: has 1 frame(s)")
    assert json.loads(report.read_text())["input"] == "standard input"


def test_frames_are_made_where_the_picture_of_one_is_there(run, folder):
    path, output = pixel_file_named("emri_small.dcm"), folder / "out"
    for options in ((), ("--all-frames",)):
        assert run(path, "-f", "png", "--output-dir", output, *options).returncode == 0
    frames = [f"emri_small.f{frame:04}.png" for frame in range(10)]
    assert made(output) == [*frames, "emri_small.png"]


def test_several_files_need_a_folder_for_their_outputs(error, folder):
    assert "--output-dir" in error(folder / "in", code=2)
    assert "--explain" in error(folder / "in", "--explain", "--output-dir", folder / "o", code=2)
    inside = folder / "in/out"
    assert "which is read" in error(folder / "in", "--output-dir", inside, code=2)
