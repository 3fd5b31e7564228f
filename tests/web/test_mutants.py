"""A real server on a folder of damaged files: it stays, and healthy files do not notice."""

from __future__ import annotations

import statistics
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import codec_mutants
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from support.datasets import part10
from support.server import ServerProcess

MUTANTS = 300
DEADLINE_S = 30.0  # 5 s of CPU time and 1 s a megapixel, on a machine with other things to do


def file_of(frame, layout, transfer_syntax_uid, number):
    dataset = Dataset()
    dataset.SOPClassUID, dataset.SOPInstanceUID = "1.2.840.10008.5.1.4.1.1.7", f"1.2.{number}"
    dataset.PatientID, dataset.InstanceNumber = "mutants", number
    dataset.Rows, dataset.Columns = layout.rows, layout.columns
    dataset.SamplesPerPixel = layout.samples_per_pixel
    if layout.samples_per_pixel > 1:
        dataset.PlanarConfiguration = layout.planar_configuration
    dataset.PhotometricInterpretation = layout.photometric_interpretation
    dataset.BitsAllocated, dataset.BitsStored = layout.bits_allocated, layout.bits_stored
    dataset.HighBit, dataset.PixelRepresentation = layout.high_bit, layout.pixel_representation
    dataset.PixelData = encapsulate([frame])
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    return part10(dataset, transfer_syntax_uid)


@pytest.fixture(scope="module")
def seeds():
    return codec_mutants.seeds(codec_mutants.default_folders())


def test_a_folder_of_damaged_files_is_served_to_the_end(seeds, tmp_path):
    for number, seed in enumerate(seeds):
        content = file_of(seed.frame, seed.layout, seed.transfer_syntax_uid, number)
        (tmp_path / f"healthy{number:04}.dcm").write_bytes(content)
    for number in range(MUTANTS):
        seed, frame, layout = codec_mutants.mutant(number * 7, seeds)
        content = file_of(frame, layout, seed.transfer_syntax_uid, number)
        (tmp_path / f"mutant{number:04}.dcm").write_bytes(content)

    with ServerProcess(str(tmp_path)) as server:
        files = server.wait_scanned()["files"]
        healthy = [each for each in files if "healthy" in each["path"]]
        mutants = [each for each in files if "mutant" in each["path"]]
        assert len(healthy) == len(seeds)
        before = [server.get(f"/api/file/{each['index']}/frame/0/raw").body for each in healthy]
        ended, health_ms = threading.Event(), []

        def watch():
            while not ended.wait(0.02):
                begin = time.perf_counter()
                assert server.get("/api/health").status == 200
                health_ms.append((time.perf_counter() - begin) * 1000)

        def ask(entry):
            begin = time.monotonic()
            answer = server.get(f"/api/file/{entry['index']}/frame/0")
            return answer.status, time.monotonic() - begin

        watcher = threading.Thread(target=watch)
        watcher.start()
        with ThreadPoolExecutor(4) as clients:
            answers = list(clients.map(ask, mutants))
        ended.set()
        watcher.join()

        assert {status for status, _ in answers} <= {200, 404, 422}
        assert max(took_s for _, took_s in answers) < DEADLINE_S
        assert statistics.median(health_ms) < 500  # seconds where a decoder holds it up
        after = [server.get(f"/api/file/{each['index']}/frame/0/raw").body for each in healthy]
        assert after == before
        code, _, err = server.stop()
    assert code == 0
    assert "Traceback" not in err
