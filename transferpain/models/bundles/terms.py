"""Whether a model may be passed on: the terms of every dataset that it, or a parent, was trained on."""

from pydantic import BaseModel, ConfigDict

from transferpain.core.errors import UserError
from transferpain.networks.backbones.base import Backbone


class Terms(BaseModel):
    """What a dataset's owners state, as far as it concerns models.

    Attributes:
        dataset: short name.
        title: full name.
        licence: the terms in a sentence.
        notice: what a user must know before sharing anything made from it.
        citation: the paper to cite.
        request_url: where its owners are found.
        redistributable: whether models trained on it may be passed on.
        synthetic: whether a drawn twin stood in for it; a twin shows nobody, so it restricts nothing.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    dataset: str
    title: str
    licence: str
    notice: str
    citation: str
    request_url: str
    redistributable: bool
    synthetic: bool


def imagenet_terms(backbone: Backbone) -> Terms:
    """Return the terms of ImageNet and of the published weights of a backbone that has some."""
    return Terms(
        dataset="imagenet",
        title=f"ImageNet (the published {backbone.title} weights)",
        licence=f"Weights: {backbone.imagenet.licence}",
        notice="ImageNet's images are for non-commercial research and education.",
        citation=backbone.imagenet.citation,
        request_url=backbone.imagenet.page,
        redistributable=True,
        synthetic=False,
    )


def inherit_terms(own: Terms, before: list[dict] | None) -> list[dict] | None:
    """Return the terms of a model as its manifest holds them: its own dataset's, then its parents'.

    Args:
        before: the terms of the parent; `None`, unknown, stays unknown.
    """
    if before is None:
        return None
    return [own.model_dump(), *(terms for terms in before if terms != own.model_dump())]


def terms_of(manifest: dict) -> list[Terms] | None:
    """Return the terms that a manifest states; `None` if it states none."""
    stated = manifest.get("terms")
    return None if stated is None else [Terms(**terms) for terms in stated]


def restricting(manifest: dict) -> list[Terms] | None:
    """Return the terms that forbid passing the model on: the strictest of the lineage decides. `None`: unknown."""
    terms = terms_of(manifest)
    return None if terms is None else [one for one in terms if not (one.redistributable or one.synthetic)]


def check_may_be_shared(manifest: dict, permission: str) -> None:
    """Stop before a model leaves that nobody may pass on.

    Args:
        permission: who allowed it, in the user's words; empty if nobody did.

    Raises:
        UserError: if the terms of a dataset forbid it and no permission is given, here or in the manifest.
    """
    if permission or manifest.get("permission"):
        return
    owners = restricting(manifest)
    if owners is None:
        raise UserError(
            "This model must not be passed on.",
            rule="Its manifest does not say on which data it and its parents were trained.",
            todo="Train it again from a source with a manifest; or, if you may, add --i-have-permission TEXT.",
        )
    if owners:
        names = "; ".join(f"the owners of {one.title} ({one.request_url})" for one in owners)
        raise UserError(
            "This model must not be passed on: people could be recognised, and the data are lent, not given.",
            rule=" ".join(f"{one.title}: {one.licence}" for one in owners),
            received=f"trained on {', '.join(one.dataset for one in owners)}",
            todo=f"Ask {names}. With their permission add --i-have-permission "
            "'who permitted it, and when': it is written into the manifest.",
        )
