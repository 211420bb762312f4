import pytest


def test_tests_of_a_file_share_a_worker(request):
    """Workers group tests by what stands behind the @ of their id; a fixture of a file is then made once."""
    if not hasattr(request.config, "workerinput"):
        pytest.skip("nothing is dealt out in one process")
    assert request.node.nodeid.endswith("@ground/test_suite.py")
