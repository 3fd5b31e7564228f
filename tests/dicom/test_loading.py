"""What is mended in pydicom: texts in Chinese, as ISO 2022 has them."""

from __future__ import annotations

from support.datasets import image, part10

from dcmview.dicom.instance import open_instance

# The example of PS3.5 K.3: the escape sequence designates GB 2312 as G1.
NAME = b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab="


def test_names_in_chinese_are_without_their_escape_sequences(tmp_path):
    place = b"x" * len(NAME)
    charset = ["", "ISO 2022 IR 58"]
    content = part10(image(SpecificCharacterSet=charset, PatientName=place.decode()))
    path = tmp_path / "a.dcm"
    path.write_bytes(content.replace(place, NAME))
    assert str(open_instance(str(path)).dataset.PatientName) == "Zhang^XiaoDong=张^小东"
