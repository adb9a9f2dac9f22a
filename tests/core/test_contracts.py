"""What passes between the floors."""

import pandas as pd

from transferpain.core.contracts import Section, Stage, Table


def test_stages_that_two_experiments_share_have_one_key():
    one, other = Stage("a", "faces", "3 clips", 2.0, 5.0), Stage("b", "faces", "3 clips", 2.0, 5.0)
    assert one.work_key == other.work_key != Stage("a", "faces", "4 clips", 2.0, 5.0).work_key


def test_a_section_that_only_fills_files_is_not_shown():
    rows = pd.DataFrame({"a": [1]})
    file, shown = Table("file", rows), Table("shown", rows, text=rows.astype(str))
    assert not Section("Files", tables=(file,)).is_shown
    assert Section("Shown", tables=(file, shown)).is_shown
    whole = Section("Whole", sections=(Section("Part", tables=(shown,)),), tables=(file,))
    assert whole.is_shown
    assert whole.all_tables == (file, shown)
