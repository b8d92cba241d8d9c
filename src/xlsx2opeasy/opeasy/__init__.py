"""The HTTP client of the OpEasy Provisioning API: all endpoints, typed, with failures in three classes."""
