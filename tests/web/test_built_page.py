"""What is served of the built page: each file once, compressed as it was built."""

from __future__ import annotations

import gzip
import re

from dcmview.web.routes.page import load_assets


def write(folder, name, content):
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)


def test_a_file_compressed_by_the_build_is_sent_as_it_is(tmp_path):
    write(tmp_path, "index.html", b"<p>page</p>")
    write(tmp_path, "assets/a.js", b"script")
    built = gzip.compress(b"script", 9, mtime=7)
    write(tmp_path, "assets/a.js.gz", built)
    assets = load_assets(str(tmp_path))
    assert assets["assets/a.js"].content == b"script"
    assert assets["assets/a.js"].gzipped == built
    assert sorted(assets) == ["assets/a.js", "index.html"]


def test_a_file_that_was_not_is_compressed_when_asked_for(tmp_path):
    write(tmp_path, "index.html", b"<p>page</p>")
    page = load_assets(str(tmp_path))["index.html"]
    assert gzip.decompress(page.gzipped) == b"<p>page</p>"


def test_script_and_style_are_compressed_by_the_build_and_nothing_else_was_changed_after():
    assets = load_assets()
    names = [name for name in assets if name.endswith((".js", ".css"))]
    assert names
    for name in names:
        assert assets[name].built_gzip is not None
        assert gzip.decompress(assets[name].gzipped) == assets[name].content


def test_the_first_load_weighs_at_most_150_kilobytes():
    assets = load_assets()
    document = assets["index.html"].content.decode()
    linked = re.findall(r'(?:src|href)="\./(assets/[^"]+)"', document)
    assert {name.rpartition(".")[2] for name in linked} == {"js", "css"}
    first = [assets[name] for name in ["index.html", *linked]]
    assert sum(len(asset.gzipped) for asset in first) <= 150_000
