"""Names of UIDs without pydicom."""

import subprocess
import sys

from pydicom.uid import UID

from dcmview.dicom.uids import uid_name


def test_names_are_those_of_pydicom():
    for uid in ("1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.1.2.4.90", "1.2.3", ""):
        assert uid_name(uid) == UID(uid).name


def test_asking_for_a_name_does_not_import_pydicom():
    code = (
        "import sys; from dcmview.dicom.uids import uid_name;"
        "print(uid_name('1.2.840.10008.1.3.10'), 'pydicom' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "Media Storage Directory Storage False"
