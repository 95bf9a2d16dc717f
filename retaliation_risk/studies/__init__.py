"""Studies of service failures: what was published, what can be tested here, and what came of it."""

__all__: list[str] = []
