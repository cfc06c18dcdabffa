"""The bank, with its numbers computed: once for all files, on the book's own records."""

import pytest

import bank


@pytest.fixture(scope="session")
def questions():
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("RESNET_BOOK_RESULTS", raising=False)
        return bank.load()
