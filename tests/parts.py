"""Tests of what the lean set leaves out are skipped by name where it is not installed."""

from pathlib import Path

import pytest

from transferpain.core.optional import PARTS, missing_modules

TESTS = Path(__file__).parent
# Modules that cannot be imported without the part.
MODULES = {
    "apps/edge/test_openvino.py": "edge",
    "apps/serve/test_app.py": "server",
    "apps/serve/test_certificate.py": "server",
    "apps/serve/test_middleware.py": "server",
    "apps/serve/test_openapi.py": "server",
    "apps/serve/test_page.py": "server",
    "apps/serve/test_serve.py": "server",
    "cli/test_serve.py": "server",
    "docs/test_server.py": "server",
}


def reason(part: str) -> str:
    """Return why tests of a part are skipped here; empty if it is installed."""
    missing = missing_modules(part)
    return f"needs {' and '.join(PARTS[part].requirements)}, not installed here" if missing else ""


def needs(part: str) -> pytest.MarkDecorator:
    """Return the mark of a test that is skipped where a part is not installed."""
    return pytest.mark.skipif(bool(missing_modules(part)), reason=reason(part))


class SkippedModule(pytest.Module):
    """A file of tests that is not imported."""

    why = ""

    def collect(self):
        pytest.skip(self.why, allow_module_level=True)


def skipped_module(path: Path, parent: pytest.Collector) -> SkippedModule | None:
    """Return what stands for a file of tests that cannot be imported here; `None` for any other."""
    part = MODULES.get(path.relative_to(TESTS).as_posix()) if path.is_relative_to(TESTS) else None
    if part is None or not missing_modules(part):
        return None
    module = SkippedModule.from_parent(parent, path=path)
    module.why = f"{path.relative_to(TESTS)} {reason(part)}"
    return module
