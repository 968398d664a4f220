"""A run folder: what is there is kept until the new run is whole, and what no run wrote is never removed."""

from __future__ import annotations

import json

import pytest

from jeoni.errors import ConfigError, DataError, StorageError
from jeoni.runs import RunFolder, read_json, refuse_kept

SAID = {"verb": "fit", "inputs": {"data": "photos"}, "command": "", "spec": {}}


def finish(run, **record):
    run.finish({"jeoni": "1", **record}, lambda text: None)


@pytest.fixture
def old(tmp_path):
    run = RunFolder.begin(tmp_path / "run", SAID)
    (run.path / "model").mkdir()
    (run.path / "model" / "config.json").write_text("{}")
    finish(run, name="old")
    return run.path


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_the_old_run_is_whole_until_the_new_one_takes_its_place(old, tmp_path):
    run = RunFolder.begin(old, SAID, overwrite=True)
    assert run.path == tmp_path / "run.unfinished" and read_json(old / "run.json")["name"] == "old"
    finish(run, name="new")
    assert run.path == old and read_json(old / "run.json")["name"] == "new" and not (old / "model").exists()
    assert names(tmp_path) == ["latest", "run"] and (tmp_path / "latest").resolve() == old.resolve()


def test_a_failure_leaves_the_old_run_and_nothing_beside_it(old, tmp_path):
    run = RunFolder.begin(old, SAID, overwrite=True)
    with pytest.raises(DataError), run.discarded_on_failure(print, "fit"):
        raise DataError("unreadable")
    assert names(tmp_path) == ["latest", "run"] and read_json(old / "run.json")["name"] == "old"


def interrupt(run):
    told = []
    run.checkpoints.mkdir()
    (run.checkpoints / "a.safetensors").write_bytes(b"")
    with pytest.raises(KeyboardInterrupt), run.discarded_on_failure(told.append, "fit"):
        raise KeyboardInterrupt
    return told[0]


@pytest.mark.parametrize("named", ["run", "run.unfinished"])
def test_an_interrupted_replacement_is_resumed_by_either_name_and_takes_the_place(old, tmp_path, named):
    said = interrupt(RunFolder.begin(old, SAID, overwrite=True))
    assert f"jeoni fit --resume {old}.unfinished" in said and f"The run in {old} is as it was" in said
    run = RunFolder.begin(tmp_path / named, SAID, resume=True)
    assert (run.path, run.final) == (tmp_path / "run.unfinished", old)
    finish(run, name="new")
    assert read_json(old / "run.json")["name"] == "new" and names(tmp_path) == ["latest", "run"]


def test_an_interrupted_run_is_kept_until_the_one_that_overwrites_it_is_done(tmp_path):
    first = RunFolder.begin(tmp_path / "run", SAID)
    assert f"--resume {first.path}." in interrupt(first)
    with pytest.raises(ConfigError, match="was interrupted"):
        RunFolder.begin(first.path, SAID)
    second = RunFolder.begin(first.path, SAID, overwrite=True)
    assert second.path != first.path and first.can_go_on
    finish(second)
    assert not first.checkpoints.exists()


def test_what_a_killed_run_left_is_replaced_without_a_word(tmp_path):
    RunFolder.begin(tmp_path / "run", SAID)
    assert RunFolder.begin(tmp_path / "run", SAID).path == tmp_path / "run"


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("finished", [False, True])
def test_a_folder_with_a_foreign_file_is_left_alone(tmp_path, overwrite, finished):
    run = RunFolder.begin(tmp_path / "run", SAID)
    if finished:
        finish(run)
    (run.path / "figures" / "notes").mkdir(parents=True)
    (run.path / "figures" / "notes" / "thesis.txt").write_text("mine")
    with pytest.raises(ConfigError, match="figures/notes/thesis.txt, which no run wrote"):
        RunFolder.begin(run.path, SAID, overwrite=overwrite)
    assert (run.path / "figures" / "notes" / "thesis.txt").read_text() == "mine" and (run.path / "run.json").exists()


def test_a_link_in_a_run_folder_is_foreign_and_not_followed(old, tmp_path):
    (tmp_path / "photos").mkdir()
    (old / "photos").symlink_to(tmp_path / "photos")
    with pytest.raises(ConfigError, match="holds photos, which no run wrote"):
        RunFolder.begin(old, SAID, overwrite=True)


def test_a_foreign_file_that_came_during_the_run_is_kept_and_reported(old, tmp_path):
    run, told = RunFolder.begin(old, SAID, overwrite=True), []
    (old / "thesis.txt").write_text("mine")
    run.finish({"jeoni": "1"}, told.append)
    assert (tmp_path / "run.replaced" / "thesis.txt").read_text() == "mine" and "keeps what no run wrote" in told[0]


def test_a_failed_run_does_not_remove_what_was_put_beside_its_files(tmp_path):
    run = RunFolder.begin(tmp_path / "run", SAID)
    (run.path / "thesis.txt").write_text("mine")
    with pytest.raises(DataError), run.discarded_on_failure(print, "fit"):
        raise DataError("unreadable")
    assert names(run.path) == ["thesis.txt"]


def test_a_saved_model_is_kept_whatever_fails_after_it(tmp_path):
    run, told = RunFolder.begin(tmp_path / "run", SAID), []
    (run.path / "model").mkdir()
    (run.path / "model" / "config.json").write_text("{}")
    with pytest.raises(StorageError), run.discarded_on_failure(told.append, "fit"):
        raise StorageError("full")
    assert f"kept: {run.path / 'model'}" in told[0] and f"jeoni fit --resume {run.path}" in told[0]
    with pytest.raises(ConfigError, match="was interrupted"):
        RunFolder.begin(run.path, SAID)
    assert run.holds_model


def test_a_folder_whose_run_json_is_not_of_jeoni_is_left_alone(tmp_path):
    for content in ("{}", "[", '{"seed": 1}'):
        (tmp_path / "run.json").write_text(content)
        with pytest.raises(ConfigError, match="not a run folder"):
            RunFolder.create(tmp_path, overwrite=True)
        assert (tmp_path / "run.json").read_text() == content


def test_latest_replaces_no_link_of_another_use(tmp_path):
    (tmp_path / "backup").mkdir()
    (tmp_path / "latest").symlink_to("backup")
    finish(RunFolder.begin(tmp_path / "run", SAID))
    assert str((tmp_path / "latest").readlink()) == "backup"


def test_the_paths_of_an_interrupted_run_come_back_byte_by_byte(tmp_path):
    run = RunFolder.begin(tmp_path / "run", {**SAID, "inputs": {"data": "caf\udce9"}})
    assert read_json(run.path / "spec.json")["inputs"]["data"] == "caf\udce9"


def test_names_that_are_not_utf_8_are_escaped_in_records(tmp_path):
    run = RunFolder.begin(tmp_path / "run", SAID)
    run.write_json("metrics.json", {"caf\udce9": ["\udcff", float("inf")]})
    assert json.loads((run.path / "metrics.json").read_text()) == {"caf\\xe9": ["\\xff", None]}
    run.write_csv("issues.csv", ["path"], [["caf\udce9"], ["=1"]])
    assert (run.path / "issues.csv").read_text().split() == ["path", "caf\\xe9", "'=1"]


@pytest.mark.parametrize("name", ["run.json", "model/config.json", "model/new.csv", "predictions.csv"])
def test_a_file_of_a_run_is_no_place_for_another_output(old, name):
    (old / "model" / "model.safetensors").write_bytes(b"")
    with pytest.raises(ConfigError, match="which it would"):
        refuse_kept(old / name)
    refuse_kept(old / "mine.csv")


@pytest.mark.parametrize(("content", "said"), [("[]", "a JSON object is needed"), ("{" * 9, "not valid JSON")])
def test_a_record_that_is_no_object_is_refused(tmp_path, content, said):
    (tmp_path / "run.json").write_text(content)
    with pytest.raises(DataError, match=said):
        read_json(tmp_path / "run.json")


def test_json_nested_without_end_is_refused(tmp_path):
    (tmp_path / "run.json").write_text("[" * 200_000)
    with pytest.raises(DataError, match="not valid JSON"):
        read_json(tmp_path / "run.json")
