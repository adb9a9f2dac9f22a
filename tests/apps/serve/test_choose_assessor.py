"""What is no bundle; which assessor a bundle gets is tested beside each of them."""

import pytest

from transferpain.apps.serve.choose_assessor import load_assessor
from transferpain.core.errors import UserError


@pytest.mark.parametrize("manifest", [None, "", "{", "[]", "{}", '{"format": 2}'])
def test_a_folder_that_is_no_bundle_is_refused(tmp_path, manifest):
    if manifest is not None:
        (tmp_path / "manifest.json").write_text(manifest)
    with pytest.raises(UserError, match="is not a bundle"):
        load_assessor(tmp_path)
    with pytest.raises(UserError, match="is not a bundle"):
        load_assessor(tmp_path / "elsewhere")
