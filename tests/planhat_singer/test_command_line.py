"""Nothing that was typed is shown again: it may be a token in the wrong place."""

from __future__ import annotations

import json

import pytest
from warm import PLUGINS

SECRET = "s3cr3tM4rk3r99"  # noqa: S105 - made up
INLINE = "--config was given settings instead of a file"
NO_FILE = "given as --config does not exist"

COMMAND_LINES = {
    "inline": (["--config", json.dumps({"api_token": SECRET})], INLINE),
    "inline with =": (["--config=" + json.dumps({"api_token": SECRET})], INLINE),
    "inline, several lines": (["--config", json.dumps({"api_token": SECRET}, indent=2)], INLINE),
    "blanks in front": (["--config", f' \n\t{{"api_token": "{SECRET}"}}'], INLINE),
    "cut off": (["--config", f'{{"api_token": "{SECRET}'], INLINE),
    "Python": (["--config", f"{{'api_token': '{SECRET}'}}"], INLINE),
    "a list": (["--config", f'["{SECRET}"]'], INLINE),
    "a JSON text": (["--config", f'"{SECRET}"'], INLINE),
    "name=value": (["--config", f"api_token={SECRET}"], INLINE),
    "name=value.json": (["--config", f"api_token={SECRET}.json"], INLINE),
    "YAML": (["--config", f"api_token: {SECRET}"], INLINE),
    "no quotes": (["--config", "{api_token:", f"{SECRET}}}"], INLINE),
    "longer than a path": (["--config", json.dumps({"api_token": SECRET * 1000})], INLINE),
    "behind ENV": (["--config", "ENV", "--config", f'{{"api_token":"{SECRET}"}}'], INLINE),
    "before ENV": (["--config", f'{{"api_token":"{SECRET}"}}', "--config=ENV"], INLINE),
    "with --about": (["--about", "--config", f'{{"api_token":"{SECRET}"}}'], INLINE),
    "token": (["--config", SECRET], NO_FILE),
    "token with =": ([f"--config={SECRET}"], NO_FILE),
    "long token": (["--config", SECRET * 500], NO_FILE),
    "token with slashes": (["--config", f"/{SECRET}/a+b"], NO_FILE),
    "web token": (["--config", f"eyJ.{SECRET}.sig"], NO_FILE),
    "in an address": (["--config", f"https://u:{SECRET}@host/a.json"], NO_FILE),
    "bytes that are not text": (["--config", f"\udcff{SECRET}.json"], NO_FILE),
    "an unknown option": (["--api-token", SECRET], "No such option '--api-token'"),
    "the same with =": ([f"--api_token={SECRET}"], "No such option '--api_token'"),
    "as an option": ([f"--{SECRET}"], "There is no such option"),
    "as a short option": ([f"-{SECRET}"], "There is no such option"),
    "alone": ([SECRET], "Got an unexpected extra argument"),
    "two alone": ([SECRET, f'{{"api_token": "{SECRET}"}}'], "Got an unexpected extra argument"),
    "as a format": (["--about", "--format", SECRET], "it must be one of json, markdown"),
    "as what to test": (["--test", SECRET], "it must be one of all, schema, disabled"),
    "as a flag's value": ([f"--about={SECRET}"], "'--about' does not take a value"),
    **{
        f"{option}: {name}": ([option, argument], says)
        for option in ("--state", "--catalog", "--input")
        for name, argument, says in (
            ("inline", f'{{"bookmarks": "{SECRET}"}}', "it takes the path of a file"),
            ("token", SECRET, "the file does not exist"),
        )
    },
}
ONLY_OF = {
    **dict.fromkeys(("--state", "--catalog", "--test"), "tap-planhat"),
    "--input": "target-planhat",
}


@pytest.mark.parametrize("level", ["DEBUG", "INFO"])
@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize(("arguments", "says"), COMMAND_LINES.values(), ids=COMMAND_LINES)
def test_a_secret_in_the_wrong_place_of_a_command_line_is_not_shown(
    warm, plugin, arguments, says, level
):
    ran = warm(plugin, *arguments, env={"LOGLEVEL": level})
    assert SECRET not in ran.stderr + ran.stdout
    assert ran.code == 1
    assert ran.last_line.startswith(f"{plugin}: ")
    if ONLY_OF.get(arguments[0], plugin) == plugin:
        assert says in ran.last_line
    else:
        assert f"No such option '{arguments[0]}'" in ran.last_line


@pytest.mark.parametrize("plugin", PLUGINS)
def test_settings_given_inline_are_reported_where_they_belong(warm, plugin):
    last = warm(plugin, "--config", '{"api_token": "x"}').last_line
    variable = plugin.upper().replace("-", "_") + "_API_TOKEN"
    for word in ("a file that only you can read", variable, "--config=ENV", "every user"):
        assert word in last


@pytest.mark.parametrize("name", ["config.json", "../a/config.json", "~/.planhat/tap_1.json"])
@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_path_that_plainly_is_one_is_shown(warm, plugin, name):
    assert (
        f"the file {name} given as --config does not exist"
        in warm(plugin, "--config", name).last_line
    )


@pytest.mark.parametrize("plugin", PLUGINS)
def test_a_configuration_out_of_a_pipe_is_read_and_its_token_hidden(tap, target, base, plugin):
    run = tap if plugin == "tap-planhat" else target
    ran = run(
        *("--config", "/dev/stdin"),
        stdin=json.dumps({**base, "api_token": SECRET, SECRET: "x"}),
        env={"LOGLEVEL": "DEBUG"},
    )
    assert "*** is not a setting" in ran.last_line
    assert SECRET not in ran.stderr


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "latin-1", "utf-32"])
@pytest.mark.parametrize("rest", ['", "progress": "é"}', '"', '", "progress": é}'])
def test_a_token_in_a_file_that_cannot_be_read_is_not_shown(warm, plugin, encoding, rest):
    content = ('{"api_token": "' + SECRET + rest).encode(encoding)
    ran = warm(plugin, config=content, env={"LOGLEVEL": "DEBUG"})
    assert ran.code == 1
    assert SECRET not in ran.stderr + ran.stdout
    assert "unexpected" not in ran.last_line


@pytest.mark.parametrize("plugin", PLUGINS)
@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["--about"]])
def test_what_asks_for_words_still_gets_them(warm, plugin, arguments):
    ran = warm(plugin, *arguments)
    assert ran.code == 0
    assert ran.stdout
