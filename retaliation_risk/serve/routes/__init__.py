"""The pages of the API, one module for each concern."""

from retaliation_risk.serve.routes import customers, events, operations, readouts

ROUTERS = (readouts.router, events.router, customers.router, operations.router, operations.public)
