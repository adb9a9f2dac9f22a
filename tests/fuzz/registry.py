"""Every reader of files that others write."""

from tests.fuzz import bundles, caches, layouts, media, pain3d, settings_files, tables
from tests.fuzz.reader import Reader

FAMILIES: dict[str, tuple[Reader, ...]] = {
    "settings": settings_files.READERS,
    "tables": tables.READERS,
    "layouts": (*layouts.READERS, *pain3d.READERS),
    "bundles": bundles.READERS,
    "media": media.READERS,
    "caches": caches.READERS,
}
READERS = tuple(reader for readers in FAMILIES.values() for reader in readers)
