"""From rows and values to what a page is told (`aurora.ui.contexts`). No writes, no decisions."""
