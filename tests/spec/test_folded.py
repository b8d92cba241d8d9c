"""Names are compared alike whether or not they are ASCII, for which there is a shorter way."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.spec.model import folded


@given(st.text(st.characters(codec="ascii")) | st.text())
def test_folding_is_that_of_all_characters(text: str) -> None:
    whole = unicodedata.normalize("NFKC", text).casefold()
    seen = (each for each in whole if not each.isspace() and unicodedata.category(each) != "Cf")
    assert folded(text) == "".join(seen)
