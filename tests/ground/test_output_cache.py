import os

from gwpipe import output_cache
from gwpipe.output_cache import VARIABLE, of_packages, use_cache


def test_without_a_cache_named_there_is_none(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert not use_cache()
    assert VARIABLE not in os.environ


def test_each_set_of_packages_has_its_folder_and_a_job_that_inherits_it_keeps_it(monkeypatch, tmp_path):
    monkeypatch.setenv(VARIABLE, f"{tmp_path}/cache/")
    assert use_cache()
    first = os.environ[VARIABLE]
    assert os.path.isdir(first)
    assert use_cache()
    assert os.environ[VARIABLE] == first
    monkeypatch.setattr(output_cache, "package_versions", lambda: {"torch": "1.0"})
    assert of_packages(str(tmp_path / "cache")) != first


def test_a_storage_address_is_no_folder(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv(VARIABLE, "s3://bucket/cache")
    assert use_cache()
    assert os.environ[VARIABLE].startswith("s3://bucket/cache/packages-")
    assert list(tmp_path.iterdir()) == []
