"""What replaying a year costs, and what it shows in an invented world."""
