"""The settings of whatever reads, from a configuration."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

import pytest

from planhat_sync.errors import ConfigurationError
from planhat_sync.reading.settings import ReadSettings


def test_settings_are_read_out_of_a_configuration():
    config = {
        "start_date": "2026-01-31T01:00:00+01:00",
        "lookback_seconds": 90,
        "detect_deletes_hours": 6,
        "full_read_days": 2,
        "company_ids": ["c1", "c2"],
        "of another program": True,
    }
    assert ReadSettings.from_config(config) == ReadSettings(
        start_date=datetime(2026, 1, 31, tzinfo=timezone.utc),
        lookback=timedelta(seconds=90),
        sweep_every=timedelta(hours=6),
        full_read_every=timedelta(days=2),
        company_ids=("c1", "c2"),
    )
    assert ReadSettings.from_config({}) == ReadSettings()
    assert ReadSettings.from_config({"detect_deletes": True}) == ReadSettings(detect_deletes=True)


@pytest.mark.parametrize(
    ("config", "error"),
    [
        ({"start_date": "soon"}, "start_date is not a date-time: write it like 2026-01-31T"),
        ({"detect_deletes": True, "company_ids": ["c1"]}, "company_ids leaves some out"),
        ({"company_ids": ["c1", "extid-c2"]}, 'company_ids holds "extid-c2", which is not an _id'),
    ],
)
def test_a_setting_that_is_wrong_is_named(config, error):
    with pytest.raises(ConfigurationError, match=error):
        ReadSettings.from_config(config)
