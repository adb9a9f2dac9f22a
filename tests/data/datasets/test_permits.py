import pytest

from transferpain.core.errors import UserError
from transferpain.data.datasets.permits import Permit, read_permit


@pytest.mark.parametrize(("text", "allowed"), [(None, False), ("", False), ("allow_links: false", False),
                                               ("allow_links: true", True)])  # fmt: skip
def test_nothing_is_permitted_but_what_the_file_says(tmp_path, text, allowed):
    if text is not None:
        (tmp_path / "dataset.yaml").write_text(text)
    assert read_permit(tmp_path) == Permit(allow_links=allowed)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("allow_links: 1", "allow_links"),
        ("allow_links: 'yes'", "allow_links"),
        ("allow_link: true", "allow_links"),
        ("licence: free", "licence"),
        ("- a", ""),
        ("{", ""),
        ("\0", ""),
    ],
)
def test_a_file_that_says_anything_else_is_refused(tmp_path, text, told):
    (tmp_path / "dataset.yaml").write_text(text)
    with pytest.raises(UserError, match=rf"(?s)dataset\.yaml cannot be used.*{told}"):
        read_permit(tmp_path)
