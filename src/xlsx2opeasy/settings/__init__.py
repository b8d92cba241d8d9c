"""Where a connection's settings come from: a flag, else the environment, else the profile in `config.toml`.

The API key comes from the environment, the operating system's keyring, a file, or a question; never from an
argument, where everybody on the machine could read it.
"""

from xlsx2opeasy.settings.config import ENTERPRISE_FIELD, config_file
from xlsx2opeasy.settings.keyrings import WEBEX_KEYRING_NAME, KeyringTrouble, keyring_name
from xlsx2opeasy.settings.keys import (
    api_key_source,
    find_api_key,
    find_webex_token,
    key_file_is_open,
    key_file_remarks,
    key_of_profile,
    read_key_file,
    read_password_file,
    validate_key_and_ca_files,
    webex_token_source,
    webex_url,
)
from xlsx2opeasy.settings.resolved import (
    Flags,
    OfflineSettings,
    Settings,
    Value,
    profile_naming,
    read_offline_settings,
    read_settings,
    resolve,
)

__all__ = [
    "ENTERPRISE_FIELD",
    "WEBEX_KEYRING_NAME",
    "Flags",
    "KeyringTrouble",
    "OfflineSettings",
    "Settings",
    "Value",
    "api_key_source",
    "config_file",
    "find_api_key",
    "find_webex_token",
    "key_file_is_open",
    "key_file_remarks",
    "key_of_profile",
    "keyring_name",
    "profile_naming",
    "read_key_file",
    "read_offline_settings",
    "read_password_file",
    "read_settings",
    "resolve",
    "validate_key_and_ca_files",
    "webex_token_source",
    "webex_url",
]
