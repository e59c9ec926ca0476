"""Everything that leaves Aurora over HTTP: the guard on addresses, and the OAuth client that speaks through it."""

import warnings

from authlib.deprecate import AuthlibDeprecationWarning

# The guard is built on httpx's transport; Authlib 1.9 would rather have httpx2, and says so in every process that starts.
warnings.filterwarnings("ignore", message="The httpx module is deprecated", category=AuthlibDeprecationWarning)
