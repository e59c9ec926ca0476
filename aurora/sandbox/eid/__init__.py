"""The national e-ID: an OpenID provider with a sign-in page of its own."""
