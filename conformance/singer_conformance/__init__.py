"""Tests that a Singer tap or target loses nothing and doubles nothing, also when it is killed."""

from singer_conformance.subjects import TapUnderTest, TargetUnderTest
from singer_conformance.tap import TapConformance
from singer_conformance.target import TargetConformance

__all__ = ["TapConformance", "TapUnderTest", "TargetConformance", "TargetUnderTest"]
