"""Parts that heads of several tasks share."""
