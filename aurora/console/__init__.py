"""The operators' console: counts and health, no citizen's row. Every session here has passed a second factor."""
