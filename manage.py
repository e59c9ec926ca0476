#!/usr/bin/env python
"""Aurora's command line: Django's commands, with the embedded services around them where the environment names none."""

from __future__ import annotations

import sys

from aurora import commandline

if __name__ == "__main__":
    sys.exit(commandline.main(sys.argv))
