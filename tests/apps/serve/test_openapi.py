"""Requests made up from the server's own description: none may break it, and each answer is as described."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import one_of

REQUESTS = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
def test_no_request_breaks_the_server(server):
    # Here, and not above, where every process that collects the tests would wait for it.
    import schemathesis
    from schemathesis.checks import not_a_server_error
    from schemathesis.specs.openapi.checks import response_schema_conformance, status_code_conformance

    checks = (not_a_server_error, response_schema_conformance, status_code_conformance)
    description = schemathesis.openapi.from_url(f"http://127.0.0.1:{server.port}/openapi.json")
    operations = [found.ok() for found in description.get_all_operations()]
    seen = set()

    @REQUESTS
    @given(case=one_of([operation.as_strategy() for operation in operations]))
    def ask(case):
        answer = case.call()
        case.validate_response(answer, checks=checks)
        seen.add((case.path, answer.status_code))

    ask()
    assert {path for path, _ in seen} == {operation.path for operation in operations}
    assert ("/healthz", 200) in seen
    assert any(path == "/v1/assess" and 400 <= status < 500 for path, status in seen)
