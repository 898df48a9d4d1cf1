"""What was measured, beside what is wanted."""

import sys
from dataclasses import dataclass, field
from typing import Any


@dataclass
class Table:
    """The figures of one run."""

    figures: list[dict[str, Any]] = field(default_factory=list)

    def add(
        self,
        name: str,
        measured: float,
        floor: float,
        goal: float,
        *,
        unit: str = " times",
        less_is_more: bool = False,
    ) -> None:
        """Note a figure."""
        self.figures.append(
            {
                "figure": name,
                "floor": floor,
                "goal": goal,
                "measured": round(measured, 2),
                "unit": unit,
                "below_floor": measured > floor if less_is_more else measured < floor,
                "goal_reached": measured <= goal if less_is_more else measured >= goal,
            }
        )

    @property
    def has_one_below_its_floor(self) -> bool:
        """Whether anything is slower than it may be."""
        return any(figure["below_floor"] for figure in self.figures)

    def show(self) -> None:
        """Print all of it."""
        from rich.console import Console
        from rich.table import Table as RichTable

        table = RichTable("Figure")
        for name in ("Floor", "Goal", "Measured"):
            table.add_column(name, justify="right")
        table.add_column("")
        for one in self.figures:
            verdict = "below floor" if one["below_floor"] else "goal" if one["goal_reached"] else "floor"
            cells = [f"{one[name]:g}{one['unit']}" for name in ("floor", "goal", "measured")]
            table.add_row(one["figure"], *cells, verdict)
        Console(width=None if sys.stdout.isatty() else 110).print(table)
