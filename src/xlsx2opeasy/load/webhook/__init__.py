"""Webhooks: callbacks of the server that wake the polling of a load, and are never believed."""
