"""Tests that a Singer tap or target loses and duplicates no records, even when it is killed."""

from singer_conformance.subjects import TapUnderTest, TargetUnderTest
from singer_conformance.tap import TapConformance
from singer_conformance.target import TargetConformance

__all__ = ["TapConformance", "TapUnderTest", "TargetConformance", "TargetUnderTest"]
