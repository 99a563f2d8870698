"""The settings that the SDK adds to those of a plugin, in words that name no values of Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Collection

DESCRIPTIONS: Final = {
    "stream_maps": (
        "Python expressions that rename, filter and change streams and records; see "
        "[Stream Maps](https://sdk.meltano.com/en/latest/stream_maps.html)."
    ),
    "stream_maps.__else__": "`__NULL__` leaves out the streams that stream_maps does not name.",
    "stream_map_config": "Values that the expressions of stream_maps can use, as config.",
    "faker_config": (
        "How fake, which the expressions of stream_maps can use, makes values; only if the "
        "package [faker](https://faker.readthedocs.io) is installed."
    ),
    "faker_config.seed": "A number or text with which fake makes the same values in every run.",
    "faker_config.locale": "Language and country of the values, such as de_DE, or a list of them.",
    "flattening_enabled": (
        "Write nested properties as columns of their own. Needs flattening_max_depth."
    ),
    "flattening_max_depth": "With flattening_enabled: how many levels become columns.",
    "flattening_max_key_length": (
        "With flattening_enabled: maximum length of a column's name; longer ones are shortened."
    ),
    "flattening_separator": (
        "With flattening_enabled: what stands between the names of the levels; __ by default."
    ),
    "batch_config": "Write records into files, with BATCH messages, instead of RECORD messages.",
    "batch_config.encoding": "Format and compression of the files.",
    "batch_config.encoding.format": "Format of the files.",
    "batch_config.encoding.compression": "Compression of the files.",
    "batch_config.storage": "Where the files are written.",
    "batch_config.storage.root": "Folder or URL of the files, such as file:///tmp/batches.",
    "batch_config.storage.prefix": "What the names of the files begin with.",
    "batch_config.batch_size": "Maximum number of records in a file.",
}
"""By the names of the settings, those of nested ones with the names around them."""


def describe(schema: dict[str, Any], own: Collection[str]) -> None:
    """Replace the descriptions of the settings that the SDK has added.

    Args:
        schema: The settings of a plugin; it is changed, and nothing of the SDK that is in it.
        own: Names of the settings that the SDK has not added.
    """
    for name, setting in schema["properties"].items():
        if name not in own:
            schema["properties"][name] = _described(setting, name)


def _described(setting: dict[str, Any], path: str) -> dict[str, Any]:
    described = {**setting}
    if path in DESCRIPTIONS:
        described["description"] = DESCRIPTIONS[path]
    if "properties" in setting:
        described["properties"] = {
            name: _described(part, f"{path}.{name}") for name, part in setting["properties"].items()
        }
    return described
