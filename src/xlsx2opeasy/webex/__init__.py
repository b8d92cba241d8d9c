"""The client of Webex Calling's "List Change Device Settings Jobs"."""

from xlsx2opeasy.webex.client import JobList, WebexClient
from xlsx2opeasy.webex.exchange import DEFAULT_URL, WebexConnection

__all__ = ["DEFAULT_URL", "JobList", "WebexClient", "WebexConnection"]
