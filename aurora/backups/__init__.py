"""Backups that an erasure survives, and restores that say what they found. docs/operations/backup.md."""
