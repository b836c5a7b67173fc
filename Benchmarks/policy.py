"""The policy part of benchmark.py: how long a decision takes, with ten thousand grants and a thousand moratoria."""

from __future__ import annotations

import json

MOST_MICROSECONDS = 50.0


def policy(run, program, options) -> dict:
    """`run(command)` gives a finished process with its lines."""
    return json.loads(run([program, 10_000 if options.quick else 200_000]).lines[-1])


def gates(part: dict) -> list[dict]:
    median = part["medianMicroseconds"]
    return [{
        "gate": f"a decision within {MOST_MICROSECONDS:.0f} microseconds at the median", "value": median,
        "held": median <= MOST_MICROSECONDS, "shown": f"{median:.1f} microseconds",
    }]


def table(part: dict) -> list[str]:
    return [
        "",
        f"Policy of {part['grants']:,} grants and {part['moratoria']:,} moratoria, {part['decisions']:,} decisions of which "
        f"{part['permitted']:,} permit: median {part['medianMicroseconds']:.1f}, p99 {part['p99Microseconds']:.1f} microseconds; "
        f"made ready in {part['buildMilliseconds']:.0f} ms",
    ]
