"""The benefits office: a data user, OAuth client of Aurora."""
