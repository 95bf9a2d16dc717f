"""The pages of the API, one module for each concern."""

from retaliation_risk.serve.routes import customers, events, feedback, operations, readouts

__all__ = ["ROUTERS"]

ROUTERS = (
    readouts.router,
    events.router,
    feedback.router,
    customers.router,
    operations.router,
    operations.public,
)
