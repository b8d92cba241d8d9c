"""Other people's Webex clients. Importing them warns of things that are theirs to mend."""

import warnings

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from wxc_sdk import WebexSimpleApi
    from wxc_sdk.as_api import AsWebexSimpleApi
    from wxc_sdk.as_rest import AsRestSession
    from wxc_sdk.common import DeviceCustomization
    from wxc_sdk.rest import RestError, RestSession
    from wxcadm.common import WebexApi

__all__ = [
    "AsRestSession",
    "AsWebexSimpleApi",
    "DeviceCustomization",
    "RestError",
    "RestSession",
    "WebexApi",
    "WebexSimpleApi",
]
