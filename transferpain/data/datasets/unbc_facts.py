"""What is known of UNBC-McMaster: its sequences, frame counts, and the subject lists that others published."""

from dataclasses import dataclass

# One paragraph per subject: name, frames with PSPI above 0, then its sequences (less the final "aff") with their
# frames. The names are verified; the counts are another project's, and fit each subject's and the whole's total.
_TABLE = """
    042-ll042 239 t1aa:683 t1aaun:187 t1aeun:155 t1af:350 t1afun:128 t1ai:168 t1aiun:143 t2af:320
    043-jh043 92 t1ae:103 t1af:161 t2aa:163 t2aaun:119 t2ae:167 t2aeun:100 t2af:124 t2afun:84 t2aiun:99
    047-jl047 64 t1aa:245 t1aaun:154 t1afun:139 t1ai:465 t1aiun:197 t2aeun:180 t2af:228
    048-aa048 84 t2aaun:111 t2ae:174 t2aeun:48 t2af:162 t2afun:96 t2ai:231 t2aiun:72
    049-bm049 524 t1aa:495 t1af:345 t2aa:330 t2aaun:315 t2ae:427 t2aeun:233 t2af:352 t2afun:255
    052-dr052 106 t1ae:374 t1aeun:165 t1af:211 t1afun:168 t1ai:468 t1aiun:135 t2aa:226 t2ae:235 t2aeun:159 t2ai:468
    059-fn059 133 t2afun:405 t2ai:368
    064-ak064 160 t1aa:397 t1aeun:308 t1af:337 t1afun:142 t1ai:263 t1aiun:165
    066-mg066 512 t1aa:405 t1ae:375 t1af:450 t1afun:157 t2aaun:172 t2ae:262 t2aeun:195 t2af:458
    080-bn080 1142 t1aa:382 t1aaun:240 t1ae:352 t1aeun:203 t1af:382 t1afun:247 t1aiun:232
    092-ch092 471 t1ai:465 t2aa:197 t2ae:225 t2af:240 t2ai:375
    095-tv095 498 t1af:300 t2aeun:217 t2af:292
    096-bg096 181 t1aa:330 t1ae:285 t1aeun:217 t1af:285 t2aa:232 t2aaun:225 t2aeun:225 t2af:307 t2afun:255
    097-gf097 148 t1aa:518 t1aaun:255 t1ae:225 t1aeun:300 t1af:247 t1afun:180 t1ai:345 t1aiun:240 t2aaun:203
        t2aeun:157 t2af:187 t2afun:165 t2ai:150 t2aiun:188
    101-mg101 0 t1ai:615 t2aa:347 t2aaun:225 t2ae:300 t2aeun:261 t2af:270 t2afun:138 t2ai:438 t2aiun:225
    103-jk103 834 t1aa:233 t1aaun:150 t1ae:277 t1aeun:195 t1af:225 t1afun:165 t1ai:510 t1aiun:225 t2aa:217 t2aaun:105
        t2ae:232 t2aeun:210 t2af:210 t2afun:135 t2ai:300 t2aiun:203
    106-nm106 517 t1aa:338 t1aaun:210 t1ae:233 t1aeun:173 t1af:352 t1afun:120 t1aiun:217 t2aa:240 t2aaun:142 t2ae:210
        t2aeun:98 t2afun:150 t2ai:165 t2aiun:150
    107-hs107 442 t1ae:225 t1aeun:225 t1af:285 t1afun:263 t2aa:412 t2aaun:338 t2aeun:143 t2aiun:150
    108-th108 455 t1aa:264 t1aaun:150 t1ae:285 t1af:368 t1afun:112 t1ai:352 t1aiun:194 t2aaun:165 t2ae:262 t2af:277
        t2afun:127 t2ai:195 t2aiun:157
    109-ib109 179 t1aa:247 t1ae:315 t1aeun:218 t1af:255 t1afun:188 t1ai:322 t1aiun:202 t2ae:158
    115-jy115 115 t1aa:412 t1aaun:173 t1ae:292 t2aa:225 t2ae:225
    120-kz120 76 t1aa:382 t1ae:292 t1afun:210 t2aa:135 t2aaun:75 t2ae:180 t2aeun:157 t2afun:135
    121-vw121 40 t1aa:180 t1ae:203 t1ai:135
    123-jh123 361 t1aaun:68 t1ae:359 t1aeun:195 t1af:180 t2aa:186 t2ae:195
    124-dn124 996 t1aa:233 t1aaun:127 t1ae:360 t1aeun:90 t1af:255 t1afun:210 t1ai:420
"""


@dataclass(frozen=True)
class FoldList:
    """A published assignment of subjects to folds.

    Attributes:
        whose: where it comes from.
        folds: the test subjects of each fold.
    """

    whose: str
    folds: tuple[tuple[str, ...], ...]


def _parse_table() -> tuple[dict[str, int], dict[str, int]]:
    sequences: dict[str, int] = {}
    pain: dict[str, int] = {}
    words = iter(_TABLE.split())
    for word in words:
        if "-" in word:
            subject = word
            pain[subject] = int(next(words))
        else:
            name, frames = word.split(":")
            sequences[f"{subject[4:]}{name}aff"] = int(frames)
    return sequences, pain


# Frames of each sequence; frames with PSPI above 0 of each subject.
SEQUENCE_FRAMES, PAIN_FRAMES = _parse_table()
SUBJECTS = tuple(PAIN_FRAMES)
# As a single public reader has it, unconfirmed: the other 13 are women.
_MEN = ("048", "052", "064", "095", "096", "097", "101", "103", "109", "115", "120", "123")
MEN = tuple(name for name in SUBJECTS if name[:3] in _MEN)


def _name(numbers: str) -> tuple[str, ...]:
    return tuple(subject for number in numbers.split() for subject in SUBJECTS if subject.startswith(number))


# Published test subjects by name: whose they are, and the subjects. None is official.
HOLDOUTS = {
    "unbc-20-5": ("a public loader", _name("115 120 121 123 124")),
    "unbc-adaptation-targets": ("a public loader for domain adaptation", _name("107 109 115 121 123")),
    "unbc-taati-demo": ("the public demonstration model of TaatiTeam", _name("066 080 097 108 121")),
}

FOLD_LISTS = {
    "unbc-5fold-every-fifth": FoldList(
        whose="a public loader: every fifth subject; its first fold is OpenFace's development set; not official",
        folds=(
            _name("042 052 092 103 115"),
            _name("043 059 095 106 120"),
            _name("047 064 096 107 121"),
            _name("048 066 097 108 123"),
            _name("049 080 101 109 124"),
        ),
    ),
    "unbc-5fold-mixed": FoldList(
        whose="another public loader: no order; not official",
        folds=(
            _name("064 121 047 096 059"),
            _name("107 120 097 106 092"),
            _name("095 043 103 048 042"),
            _name("109 108 123 124 066"),
            _name("049 115 052 101 080"),
        ),
    ),
}
