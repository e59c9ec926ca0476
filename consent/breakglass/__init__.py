"""Requests to read a citizen's data without their consent: who asked, who agreed, what was read, who judged it. Knows operators by their ids only."""
