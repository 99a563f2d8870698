"""A file .env: which one is read, what it may contain, and what takes precedence over it."""

from __future__ import annotations

import logging
import os

import pytest
from warm import PLUGINS

from planhat_sync.errors import ConfigurationError
from planhat_sync.redaction import redact
from planhat_sync.runtime.environment import environment_settings, load_dotenv

SECRET = "s3cr3tM4rk3r99"  # noqa: S105 - made up
STATE = b'{"type":"STATE","value":{"bookmarks":{"a":1}}}\n'


@pytest.fixture
def folder(tmp_path, monkeypatch):
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    return below


def added(environment=None) -> dict[str, str]:
    environment = dict(environment or {})
    load_dotenv(environment)
    return environment


@pytest.mark.parametrize("up", [0, 1, 2])
def test_it_is_looked_for_in_the_working_directory_and_above_it(folder, up):
    where = [folder, *folder.parents][up]
    (where / ".env").write_text("X=1\n")
    assert added() == {"X": "1"}


def test_the_nearest_one_is_read_alone(folder):
    (folder / ".env").write_text("X=near\n")
    (folder.parent / ".env").write_text("X=far\nY=far\n")
    assert added() == {"X": "near"}


def test_a_folder_of_that_name_is_none(folder):
    """Some people call their virtual environment so."""
    (folder / ".env").mkdir()
    (folder.parent / ".env").write_text("X=1\n")
    assert added() == {"X": "1"}


def test_neither_no_file_nor_a_missing_working_directory_is_an_error(folder):
    assert added() == {}
    folder.rmdir()
    assert added() == {}


@pytest.mark.parametrize(
    ("content", "value"),
    [
        ("X=1", "1"),
        ("export X=1\n", "1"),
        ("X = 1 # why\n", "1"),
        ("# a comment\n\nX='a b # c'\n", "a b # c"),
        ('X="a\\nb"\n', "a\nb"),
        ("X=1\r\nY=2\r\n", "1"),
        ("\ufeffX=1\n", "1"),
        ("Y=1\nX=${Y}0\n", "10"),
        ("this is not a line of it\nX=1\n", "1"),
        ("X=ü\n", "ü"),
    ],
)
def test_it_is_read_as_shells_and_compose_read_it(folder, content, value):
    (folder / ".env").write_text(content, encoding="utf-8", newline="")
    assert added()["X"] == value


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("X=1\n".encode("utf-16"), "is UTF-16 or UTF-32"),
        ("X=1\n".encode("utf-16-le"), "is UTF-16 or UTF-32"),
        ("X=ü\n".encode("latin-1"), "is not UTF-8 text"),
    ],
)
def test_one_in_another_encoding_is_reported_in_one_sentence(folder, content, says):
    (folder / ".env").write_bytes(content)
    with pytest.raises(ConfigurationError, match=says):
        added()


@pytest.mark.skipif(not os.getuid(), reason="root may read anything")
def test_one_that_may_not_be_read_is_reported_in_one_sentence(folder):
    (folder / ".env").touch(mode=0)
    with pytest.raises(ConfigurationError, match="cannot be read"):
        added()


def test_a_variable_of_the_environment_goes_before_it_unless_it_is_empty(folder):
    (folder / ".env").write_text("X=file\nY=file\nZ=file\nEMPTY=\nNOTHING\n")
    found = added({"X": "shell", "Y": "", "OTHER": "o"})
    assert found == {"X": "shell", "Y": "file", "Z": "file", "OTHER": "o"}


@pytest.mark.parametrize("text", ["{", "5", "[" * 100_000, '{"a": 1e99999999999999999999}'])
def test_a_variable_that_does_not_hold_an_object_is_reported(text):
    schema = {"properties": {"stream_map_config": {"type": "object"}}}
    variables = {"TAP_STREAM_MAP_CONFIG": text}
    with pytest.raises(ConfigurationError, match="TAP_STREAM_MAP_CONFIG must be a JSON object"):
        environment_settings(schema, "TAP_", variables, logging.getLogger("test"))


def test_a_token_in_it_is_redacted_from_then_on(folder):
    (folder / ".env").write_text(f"OTHER_API_TOKEN={SECRET}-dotenv\n")
    added()
    assert redact(f"it is {SECRET}-dotenv") == "it is ***"


# As processes.


def written(folder, variables):
    text = "".join(f"export {name}='{value}'\n" for name, value in variables.items())
    (folder / ".env").write_text(text)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_settings_are_read_out_of_it_and_complained_about(warm, variables, folder, plugin):
    written(folder.parent, variables(plugin))
    assert warm(plugin, "--config", "ENV", cwd=folder).code == 0
    assert "api_token is not set" in warm(plugin, cwd=folder).last_line  # without --config ENV
    written(folder, variables(plugin, concurrency="many"))
    ran = warm(plugin, "--config", "ENV", cwd=folder)
    prefix = plugin.upper().replace("-", "_")
    assert f"{prefix}_CONCURRENCY must be a whole number" in ran.last_line
    written(folder, {**variables(plugin), f"{prefix}_CONCURENCY": "2"})
    ran = warm(plugin, "--config", "ENV", cwd=folder)
    assert f"{prefix}_CONCURENCY is not a setting; did you mean {prefix}_CONCURRENCY?" in ran.stderr


def test_a_variable_in_front_of_a_command_goes_before_it(warm, variables, folder):
    """A dry run that the command line requests takes place, whatever a file says."""
    written(folder, variables("target-planhat", dry_run="false"))
    command = ("target-planhat", "--config", "ENV")
    ran = warm(*command, stdin=STATE, cwd=folder, env={"TARGET_PLANHAT_DRY_RUN": "true"})
    assert (ran.code, ran.stdout) == (0, "")  # a dry run prints no state
    assert warm(*command, stdin=STATE, cwd=folder).stdout


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("own", [True, False])
def test_a_log_level_in_it_is_checked_like_any_other(warm, variables, folder, plugin, own):
    name = f"{plugin.upper().replace('-', '_')}_LOGLEVEL" if own else "LOGLEVEL"
    command = (plugin, "--config", "ENV")
    written(folder, {**variables(plugin), name: " debug "})
    assert warm(*command, cwd=folder).code == 0
    written(folder, {**variables(plugin), name: "verbose"})
    ran = warm(*command, cwd=folder)
    assert ran.code == 1
    assert ran.last_line.startswith(f"{plugin}: {name} must be one of DEBUG, INFO")
    assert warm(*command, cwd=folder, env={name: "INFO"}).code == 0  # the environment's own wins


@pytest.mark.parametrize("plugin", PLUGINS)
def test_the_token_in_it_is_shown_nowhere(warm, variables, folder, plugin):
    written(folder, variables(plugin, **dict.fromkeys(("api_token", "progress"), SECRET)))
    ran = warm(plugin, "--config", "ENV", cwd=folder, env={"LOGLEVEL": "DEBUG"})
    assert ran.code == 1
    assert SECRET not in ran.stderr + ran.stdout


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_one_that_cannot_be_read_is_reported_by_its_path(warm, folder, plugin, encoding):
    (folder / ".env").write_bytes("X=ü\n".encode(encoding))
    ran = warm(plugin, "--config", "ENV", cwd=folder)
    assert ran.code == 1
    assert f"{plugin}: {folder / '.env'} is " in ran.last_line
    assert "save it as UTF-8" in ran.last_line
