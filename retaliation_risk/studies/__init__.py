"""Studies: what papers found, tested again."""

__all__: tuple[str, ...] = ()
