"""Chains of runs: each begins from the state of the one before, and the last one is quiet."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from simulation.faults import CRASH, swarm
from simulation.plan import SANDBOX, SMALL, ClockPlan, Plan, Step, TenantPlan
from simulation.reading.catalogs import models
from simulation.reading.population import COMPANIES, Population, companies, one_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from simulation.draws import Draws
    from simulation.plan import Change, Side

TENANT: Final = "source"
SIZES: Final = (0, 1, 2, 3, 5, 9, 20, 45, 90, 150)
PAGES: Final = (1, 2, 3, 5, 8, 20, 100, 2000)
MOST_PAGES: Final = 40
FEWEST_ROWS: Final = 10
"""So many rows a page has at least, if lists lag and Planhat clamps the limit, or if it ignores
`sort`."""
DAY: Final = 86_400.0


@dataclass(slots=True)
class Chain:
    """What is drawn for a chain of runs, apart from the plugin and its settings.

    Args:
        draws: Source of all that is drawn.
        streams: Names of the streams.
        lags: For how many seconds lists may show what was there before, to choose from.
        population: More arguments of each `Population`.
        without_key: Probability that a record has no `updatedAt`.
        least: Least number of records of each stream.
        again: Shortest and longest time between two lives, in seconds; None to draw them.
        afresh: Whether each life begins without a state.
        crashes: Probability of a crash at each point, to choose from; none to leave it as drawn.
        behaviours: Behaviours of the tenant that are not drawn here.
        may_ignore_sort: Whether Planhat ignores `sort` now and then, so that reading has to fail.

    Attributes:
        clock: The clocks.
        page_size: Rows to request at once.
        lag: For how many seconds lists may show what was there before.
    """

    draws: Draws
    streams: Sequence[str]
    lags: Sequence[float] = (0.0,)
    population: dict[str, Any] = field(default_factory=dict)
    without_key: float = 0.0
    least: int = 0
    again: tuple[float, float] | None = None
    afresh: bool = False
    crashes: Sequence[float] = ()
    behaviours: dict[str, Any] = field(default_factory=dict)
    may_ignore_sort: bool = False
    clock: ClockPlan = field(init=False)
    page_size: int = field(init=False)
    lag: float = field(init=False)
    _clamp: int = field(init=False)
    _sizes: dict[str, int] = field(init=False)
    _populations: list[Population] = field(init=False)

    def __post_init__(self) -> None:
        source = self.draws.plan
        self.clock = draw_clock(self.draws)
        self.lag = source.choice(self.lags)
        if any(len(models()[name].lists) > 1 for name in self.streams):
            self.lag = 0.0  # a record that has moved may be in neither (docs/reliability.md)
        self._sizes = {name: max(self.least, source.choice(SIZES)) for name in self.streams}
        most = max(self._sizes.values())
        self.page_size = source.choice([each for each in PAGES if most / each <= MOST_PAGES])
        clamp = source.choice([0, 0, 0, 2, 3, 10])
        self._clamp = clamp if most <= MOST_PAGES * (clamp - 1) else 0
        if self.lag and clamp < FEWEST_ROWS:  # such a read may have no end (docs/reliability.md)
            self._clamp = 0
        self._populations = [
            Population(
                name,
                TENANT,
                start=self.clock.start,
                grain=self.clock.grain,
                records=self.draws.of(f"records of {name}"),
                churn=self.draws.of(f"churn of {name}"),
                **self.population,
            )
            for name in self.streams
        ]

    def plan(self, profile: str, *sides: Side, last_pause: float = 0.0) -> Plan:
        """Draw the plan.

        Args:
            profile: Name of the profile.
            sides: The reader, and the writer of a pipe; the same in all runs.
            last_pause: How many seconds after the run before it the last one has to begin.
        """
        tenant = self._tenant()
        return Plan(
            profile=profile,
            seed=self.draws.seed,
            steps=self._steps(sides, last_pause),
            tenants={TENANT: tenant},
            planhat=SMALL if one_in(5, self.draws.plan) else SANDBOX,
            clock=self.clock,
            rates=self._rates(),
        )

    def reader_settings(self) -> dict[str, Any]:
        """Draw the settings that every reader has."""
        source = self.draws.plan
        return {
            "page_size": self.page_size,
            "concurrency": source.choice([1, 2, 4, 4, 9]),
            "requests_per_minute": source.choice([0, 0, 60, 200]),
            "request_timeout_seconds": source.choice([1, 10, 60]),
            "retry_budget_seconds": source.choice([0, 5, 300, 300]),
        }

    def some_companies(self) -> dict[str, list[str]]:
        """Draw `company_ids`; mostly none, so that the records of all companies are read."""
        source = self.draws.plan
        if not one_in(3, source):
            return {}
        return {"company_ids": source.sample(COMPANIES, source.randint(1, len(COMPANIES)))}

    def lookback(self) -> int:
        """Draw `lookback_seconds`: lists may not lag further behind."""
        least = int(self.lag + self.clock.grain / 1000) + 1 if self.lag else 0
        return least + self.draws.plan.choice([0, 0, 1, 60])

    def _rates(self) -> dict[str, float]:
        source = self.draws.plan
        rates = swarm(source, calm=0.1)
        if rates and self.crashes:
            rates[CRASH] = source.choice(self.crashes)
        return rates

    def _tenant(self) -> TenantPlan:
        source = self.draws.plan
        keys = source.choice([(), ("k1", "k2", "K3 "), ("k1", "K1", "k2", None)])
        changes_clamp = bool(self._clamp) and one_in(3, source)
        return TenantPlan(
            records={
                "companies": companies(keys),
                **{
                    each.model: each.initial(self._sizes[each.model], without_key=self.without_key)
                    for each in self._populations
                },
            },
            behaviours={
                "maximum_limit": self._clamp,
                "honours_select": not one_in(5, source),
                # Fewer rows are in order by chance too often (docs/reliability.md).
                "honours_sort": not (
                    self.may_ignore_sort
                    and one_in(20, source)
                    and min(self.page_size, self._clamp or self.page_size) >= FEWEST_ROWS
                ),
                "without_select": source.choice(["documented", "all"]),
                "date_header": not one_in(5, source),
                "objective_times": "present",
                "lean_companies": source.choice(["complete", "complete", "absent"]),
                "company_filter": source.choice(["list", "documented"]),
                **self.behaviours,
            },
            changing={"maximum_limit": [0, self._clamp]} if changes_clamp else {},
            lag_seconds=self.lag,
        )

    def _steps(self, sides: tuple[Side, ...], last_pause: float) -> list[Step]:
        source, churn = self.draws.plan, self.draws.churn
        often = source.choice([0, 1, 2, 5, 20])
        found = [
            Step(
                sides=sides,
                afresh=self.afresh,
                changes=self._changes(churn.randint(0, often)),
                # Lists that lag must not show what was there before the beginning.
                pause=source.choice([0.0, 0.0, 1.0, 90.0, DAY]) + (0.0 if number else self.lag),
                again=self.again or source.choice([(0.0, 0.0), (0.0, 600.0), (60.0, DAY)]),
            )
            for number in range(source.randint(1, 4))
        ]
        pause = last_pause + self.lag + 1.0
        return [*found, Step(sides=sides, afresh=self.afresh, pause=pause, quiet=True)]

    def _changes(self, count: int) -> list[Change]:
        rows = max(2, min(self.page_size, self._clamp or self.page_size))
        exchanges = sum(self._sizes.values()) // (rows - 1) + 4 * len(self.streams)
        changes = [one for each in self._populations for one in each.changes(exchanges, count)]
        return sorted(changes, key=lambda each: (each.at, each.after_work))


def draw_clock(draws: Draws) -> ClockPlan:
    """Draw the clocks: wrong ones, coarse ones, and ones that stand still.

    Args:
        draws: Source of all that is drawn.
    """
    source = draws.plan
    return ClockPlan(
        ahead=source.choice([0.0, 0.0, 0.5, -30.0, 3_600.0, -2 * DAY, 2 * DAY]),
        grain=source.choice([1, 1, 10, 1_000, 60_000]),
        exchange=source.choice([0.0, 0.0, 0.5, 5.0]),
    )
