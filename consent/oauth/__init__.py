"""Aurora's authorization server: OAuth 2.0 under the FAPI 2.0 Security Profile, on Authlib. One module an RFC.

Journeys use `requests`, `responses`, `tokens`, `grants` and `clients`; the rest is the inside. Why it is as it is: docs/decisions/oauth.md.
"""
