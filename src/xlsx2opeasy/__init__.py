"""Checks, converts and loads Excel workbooks into the Clearspan OpEasy Provisioning API."""
