"""The HTTP client of the OpEasy Provisioning API."""
