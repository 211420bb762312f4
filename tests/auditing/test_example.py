"""The worked example, end to end: trained, saved in every format, audited to identical numbers."""

from w2s_theory.auditing.example import audit_example


def test_the_example_in_every_format(tmp_path):
    found = audit_example(folder=tmp_path)
    record = found.to_json()
    assert "identical numbers in 8 of them" in record["notes"][1]
    assert (record["n"], record["classes"], record["labels_were"]) == (597, 10, "soft")
    assert record["floor"] >= 0.01
    assert record["verdict"]["outcome"] == "better"
    assert record["performance_gap_recovered_log_loss"]["value"] is not None
    assert (tmp_path / "predictions" / "state.json").exists()
