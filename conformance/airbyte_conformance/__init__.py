"""Tests that an Airbyte source or destination loses and duplicates no records, even if killed."""

from airbyte_conformance.destination import DestinationConformance
from airbyte_conformance.source import SourceConformance
from airbyte_conformance.subjects import DestinationUnderTest, SourceUnderTest

__all__ = [
    "DestinationConformance",
    "DestinationUnderTest",
    "SourceConformance",
    "SourceUnderTest",
]
