"""From a profile to a list with reasons, and that list again from its record. Pure: no Django, no citizen ids."""
