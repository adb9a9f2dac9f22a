import pytest

from transferpain.core.errors import DamagedFile
from transferpain.core.text_file import as_text, read_text

TEXT = "media,subject,label\r\nm\u00fcde.mp4,J\u00f6rg,ja\n"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf8_is_read_with_or_without_a_mark(encoding, tmp_path):
    (tmp_path / "a.csv").write_bytes(TEXT.encode(encoding))
    assert read_text(tmp_path / "a.csv") == TEXT
    assert as_text(b"", "x") == ""


@pytest.mark.parametrize(
    ("encoding", "seems", "name"),
    [
        ("utf-16", "UTF-16, as its first bytes say", "UTF-16"),
        ("utf-32", "UTF-32, as its first bytes say", "UTF-32"),
        ("utf-16-le", "a NUL character beside each letter", "UTF-16LE"),
        ("utf-16-be", "a NUL character beside each letter", "UTF-16BE"),
        ("latin-1", "the byte 0xFC in line 2, as Latin-1", "WINDOWS-1252"),
    ],
)
def test_another_encoding_is_told_with_the_way_out(encoding, seems, name, tmp_path):
    path = tmp_path / "a.csv"
    path.write_bytes(TEXT.encode(encoding))
    with pytest.raises(DamagedFile) as refused:
        read_text(path)
    for said in (f"{path} cannot be used: it is not saved as UTF-8", seems, f"iconv -f {name} -t UTF-8", "CSV UTF-8"):
        assert said in str(refused.value)
    assert "codec" not in str(refused.value)


def test_a_nul_character_is_refused_with_its_line():
    content = TEXT.encode() + b"\nx\0,y\n"
    with pytest.raises(DamagedFile, match=r"holds a NUL character(.|\n)*line 4"):
        as_text(content, "a.csv")


def test_a_file_that_is_not_there_is_an_error_of_the_system(tmp_path):
    with pytest.raises(FileNotFoundError):
        read_text(tmp_path / "none")
