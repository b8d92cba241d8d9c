"""What machines with different versions of the program must agree on, so that no version may change it."""

from xlsx2opeasy.store.connection import lock_number
from xlsx2opeasy.store.keyfile import StoreKeys
from xlsx2opeasy.store.sealing import KeyRing, Sealed, key_id, unseal

KEY = bytes(range(32))
KEY_ID = "0df3522cd9e545fd"
WRAPPED = (
    "0df3522cd9e545fdb4ea97b8030841305895efad233bdc44883b3496446297f6b487"
    "320fbcae55541b9bc243390281534c8908e64d8eaaf1740bae72f27b34daae9a2c6e"
)
CONTENT = (
    "282f49efbea413403dbae05743f13ebdb326f9c9d7890498374d2ab0cfbf0bfa9df4bfd0842bc158de19667e457f05dc5021d8"
)
DIGEST = "6d6e188517289a6dd94b88cd2ab972355da78574f8055171cfff2199c3a4d7a6"


def test_an_enterprise_and_a_job_are_held_under_the_same_number_by_every_version() -> None:
    assert lock_number("enterprise", "https://a.example", "acme") == 7198367993447702310
    assert lock_number("job", "L20261122-k7m2") == 3846557365093918672


def test_what_an_earlier_version_sealed_is_read() -> None:
    assert key_id(KEY).hex() == KEY_ID
    ring = KeyRing(lambda: StoreKeys(bytes(32), KEY))
    assert ring.unwrap(bytes.fromhex(WRAPPED), "L20261122-k7m2", "records_key") == KEY[::-1]
    sealed = Sealed(bytes.fromhex(CONTENT), bytes.fromhex(DIGEST))
    assert unseal(KEY, "L20261122-k7m2", "rows.jsonl", sealed) == b"what was sealed"
