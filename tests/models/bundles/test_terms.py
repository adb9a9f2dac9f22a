import pytest

from transferpain.core.errors import UserError
from transferpain.data.datasets.registry import DATASETS
from transferpain.models.bundles.terms import Terms, check_may_be_shared, imagenet_terms, inherit_terms, restricting
from transferpain.networks.backbones.vgg16 import VGG16

FREE = imagenet_terms(VGG16)
LENT = Terms(
    dataset="lent",
    title="Lent Faces",
    licence="Research, after a signed agreement.",
    notice="Patients.",
    citation="",
    request_url="https://example.org/lent",
    redistributable=False,
    synthetic=False,
)
TWIN = LENT.model_copy(update={"synthetic": True})


def manifest_of(*terms: Terms, **facts) -> dict:
    return {"terms": [one.model_dump() for one in terms], **facts}


def test_the_strictest_terms_of_the_lineage_decide():
    inherited = {"terms": inherit_terms(FREE, inherit_terms(LENT, []))}
    assert [one.dataset for one in restricting(inherited)] == ["lent"]
    with pytest.raises(UserError, match=r"owners of Lent Faces \(https://example.org/lent\)"):
        check_may_be_shared(inherited, "")


@pytest.mark.parametrize("terms", [(), (FREE,), (TWIN,), (FREE, TWIN)])
def test_free_terms_and_drawn_twins_restrict_nothing(terms):
    check_may_be_shared(manifest_of(*terms), "")


def test_unknown_terms_restrict_and_stay_unknown():
    assert inherit_terms(FREE, None) is None
    with pytest.raises(UserError, match="does not say on which data"):
        check_may_be_shared({"terms": None}, "")
    with pytest.raises(UserError, match="does not say on which data"):
        check_may_be_shared({}, "")


def test_a_permission_given_now_or_recorded_before_lifts_the_restriction():
    check_may_be_shared(manifest_of(LENT), "Prof. Owner, 1 May")
    check_may_be_shared(manifest_of(LENT, permission="Prof. Owner, 1 May"), "")


def test_the_same_terms_are_stated_once():
    assert len(inherit_terms(LENT, inherit_terms(LENT, []))) == 1
    assert len(inherit_terms(LENT, inherit_terms(TWIN, []))) == 2


def test_weights_from_fer2013_may_be_passed_on_with_its_notice():
    assert {name for name, dataset in DATASETS.items() if dataset.redistributable} == {"ferplus"}
    assert "FER2013 states no licence; research use" in DATASETS["ferplus"].licence
    assert "never pass on pixels" in DATASETS["ferplus"].notice
