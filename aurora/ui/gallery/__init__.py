"""Every page with an example, in three languages, for eyes and for tests: `python -m aurora.ui.gallery --out DIR`."""
