"""Licences by their SPDX identifiers: from what a record calls them, and from the text of a licence file.

Recognition is by phrases that a licence and no other of its family holds, letters and digits alone, so that line
breaks, comment signs and typography do not matter. A text that holds none of them is not guessed at.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Sequence

__all__ = ["joined", "licence_expression", "licence_of_text", "spdx_of"]

_IDS = """
    0BSD AFL-3.0 AGPL-3.0 AGPL-3.0-only AGPL-3.0-or-later Apache-1.1 Apache-2.0 Artistic-1.0 Artistic-2.0 BSD-1-Clause
    BSD-2-Clause BSD-3-Clause BSD-3-Clause-Clear BSD-4-Clause BSL-1.0 BUSL-1.1 CC-BY-2.0 CC-BY-2.5 CC-BY-3.0 CC-BY-4.0
    CC-BY-NC-2.0 CC-BY-NC-3.0 CC-BY-NC-4.0 CC-BY-NC-ND-3.0 CC-BY-NC-ND-4.0 CC-BY-NC-SA-3.0 CC-BY-NC-SA-4.0 CC-BY-ND-3.0
    CC-BY-ND-4.0 CC-BY-SA-2.0 CC-BY-SA-2.5 CC-BY-SA-3.0 CC-BY-SA-4.0 CC-PDM-1.0 CC0-1.0 CDDL-1.0 CDDL-1.1 CECILL-2.1
    ECL-2.0 EPL-1.0 EPL-2.0 EUPL-1.1 EUPL-1.2 GFDL-1.3 GPL-1.0 GPL-2.0 GPL-2.0-only GPL-2.0-or-later GPL-3.0
    GPL-3.0-only GPL-3.0-or-later HPND ICU ISC LGPL-2.0 LGPL-2.1 LGPL-2.1-only LGPL-2.1-or-later LGPL-3.0 LGPL-3.0-only
    LGPL-3.0-or-later MIT MIT-0 MPL-1.1 MPL-2.0 MS-PL MulanPSL-2.0 NCSA ODC-By-1.0 ODbL-1.0 OFL-1.1 OSL-3.0 PDDL-1.0
    PHP-3.01 PostgreSQL PSF-2.0 Python-2.0 SSPL-1.0 Unicode-3.0 Unlicense UPL-1.0 Vim W3C WTFPL X11 Zlib ZPL-2.1
"""
_KNOWN = {name.lower(): name for name in _IDS.split()}
_ALIASES = {
    "apache2": "Apache-2.0", "apache20": "Apache-2.0",
    "apachesoftware20": "Apache-2.0", "newbsd": "BSD-3-Clause",
    "modifiedbsd": "BSD-3-Clause", "bsd3clause": "BSD-3-Clause", "3clausebsd": "BSD-3-Clause",
    "simplifiedbsd": "BSD-2-Clause", "bsd2clause": "BSD-2-Clause", "2clausebsd": "BSD-2-Clause", "expat": "MIT",
    "mitx11": "MIT", "mozillapublic20": "MPL-2.0", "mpl20mpl20": "MPL-2.0", "boost10": "BSL-1.0",
    "boostsoftware10": "BSL-1.0", "cc0": "CC0-1.0", "cc010universal": "CC0-1.0", "gplv2": "GPL-2.0",
    "gplv3": "GPL-3.0", "gpl2": "GPL-2.0", "gpl3": "GPL-3.0", "lgplv3": "LGPL-3.0", "lgplv21": "LGPL-2.1",
    "agplv3": "AGPL-3.0", "psf": "PSF-2.0", "pythonsoftwarefoundation": "PSF-2.0", "theunlicense": "Unlicense",
    "isclicenseisc": "ISC", "eclipsepublic20": "EPL-2.0", "ccby40": "CC-BY-4.0", "ccbysa40": "CC-BY-SA-4.0",
}  # fmt: skip
_CREATIVE_COMMONS = re.compile(
    r"https?://(?:www\.)?creativecommons\.org/(?:licenses|publicdomain)/([a-z+-]{2,20})/(\d\.\d)?", re.IGNORECASE
)
_SCHEMES = {"zero": "CC0", "mark": "CC-PDM"}
_JOINT = re.compile(r"\s+(OR|AND)\s+|\s*/\s*", re.IGNORECASE)
_NOISE = re.compile(r"\b(?:the|licen[cs]es?|version|v(?=\d))\b|[^a-z0-9]")
_LONGEST = 100

_BSD = "redistributionanduseinsourceandbinaryforms"
_MIT = "permissionisherebygrantedfreeofchargetoanypersonobtainingacopy"
# (identifier, phrases that must all be there, phrases that must not). The first that fits is it.
_TEXTS: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("AGPL-3.0", ("gnuafferogeneralpubliclicenseversion3",), ()),
    ("LGPL-3.0", ("gnulessergeneralpubliclicenseversion3",), ()),
    ("LGPL-2.1", ("gnulessergeneralpubliclicenseversion21",), ()),
    ("LGPL-2.0", ("gnulibrarygeneralpubliclicenseversion2",), ()),
    ("GPL-3.0", ("gnugeneralpubliclicenseversion3",), ()),
    ("GPL-2.0", ("gnugeneralpubliclicenseversion2",), ()),
    ("Apache-2.0", ("apachelicenseversion20",), ()),
    ("MPL-2.0", ("mozillapubliclicenseversion20",), ()),
    ("EPL-2.0", ("eclipsepubliclicensev20",), ()),
    ("EUPL-1.2", ("europeanunionpubliclicencev12",), ()),
    ("CC0-1.0", ("cc010universal",), ()),
    ("CC-BY-NC-SA-4.0", ("attributionnoncommercialsharealike40international",), ()),
    ("CC-BY-NC-4.0", ("attributionnoncommercial40international",), ()),
    ("CC-BY-SA-4.0", ("attributionsharealike40international",), ()),
    ("CC-BY-4.0", ("attribution40international",), ()),
    ("BSL-1.0", ("boostsoftwarelicenseversion10",), ()),
    ("Artistic-2.0", ("theartisticlicense20",), ()),
    ("OFL-1.1", ("silopenfontlicenseversion11",), ()),
    ("PSF-2.0", ("pythonsoftwarefoundationlicenseversion2",), ()),
    ("Unlicense", ("thisisfreeandunencumberedsoftwarereleasedintothepublicdomain",), ()),
    ("WTFPL", ("dowhatthefuckyouwanttopubliclicense",), ()),
    ("Zlib", ("thissoftwareisprovidedasiswithoutanyexpressorimpliedwarranty", "alteredsourceversions"), ()),
    ("BSD-4-Clause", (_BSD, "alladvertisingmaterials"), ()),
    ("BSD-3-Clause", (_BSD, "endorseorpromoteproducts"), ()),
    ("BSD-2-Clause", (_BSD, "redistributionsinbinaryform"), ()),
    ("BSD-1-Clause", (_BSD,), ()),
    ("MIT", (_MIT, "abovecopyrightnotice"), ("exceptascontainedinthisnotice",)),
    ("X11", (_MIT, "exceptascontainedinthisnotice"), ()),
    ("MIT-0", (_MIT,), ()),
    ("ISC", ("permissiontousecopymodify", "distributethissoftware", "providedthattheabovecopyrightnotice"), ()),
    ("0BSD", ("permissiontousecopymodify", "distributethissoftware", "withorwithoutfeeisherebygranted"), ()),
)  # fmt: skip
_TITLE_LETTERS = 400
_TITLED = 21  # the licences above whose name is a title: it has to stand at the beginning


def licence_of_text(text: str) -> str | None:
    """The licence whose text this is; None for a text that is none known. GNU texts do not say "or later" or "only"."""
    letters = re.sub(r"[^a-z0-9]", "", text[:200_000].lower())
    for number, (name, has, lacks) in enumerate(_TEXTS):
        part = letters[:_TITLE_LETTERS] if number < _TITLED else letters
        if all(phrase in part for phrase in has) and not any(phrase in part for phrase in lacks):
            return name
    return None


def spdx_of(value: str) -> str:
    """The SPDX identifier of a name, an address or an expression; the value itself, shortened, when it is not known."""
    value = " ".join(value.split())[:_LONGEST]
    address = _CREATIVE_COMMONS.match(value)
    if address is not None:
        return _creative_commons(address[1].lower(), address[2])
    inner = value.strip("()")
    parts = _JOINT.split(inner)
    signs = {(sign or "OR").upper() for sign in parts[1::2]}
    names = [_one(name) for name in parts[::2]]
    if len(parts) == 1 or len(signs) > 1 or not set(names) <= set(_KNOWN.values()):
        return _one(value)
    return joined(names, signs.pop())


def licence_expression(value: str) -> str:
    """What a person wrote as SPDX: known names, `LicenseRef-…` and the hub's `other`, joined by AND, OR or WITH.

    Raises ValueError naming the nearest known identifier.
    """
    words = re.split(r"(\s+(?:AND|OR)\s+|\s+WITH\s+[\w.-]+|[()])", spdx_of(value).strip())
    return "".join(_known(word) if number % 2 == 0 else word for number, word in enumerate(words))


def _known(name: str) -> str:
    plain = name.strip()
    if not plain or plain.lower() == "other" or re.fullmatch(r"LicenseRef-[\w.-]+", plain):
        return name.lower() if plain.lower() == "other" else name
    found = spdx_of(plain)
    if found in _KNOWN.values():
        return found
    close = difflib.get_close_matches(plain.lower(), _KNOWN, n=1, cutoff=0.0)
    raise ValueError(f"`{plain}` is no SPDX identifier; did you mean `{_KNOWN[close[0]]}`? (or LicenseRef-NAME, other)")


def joined(names: Sequence[str], sign: str) -> str:
    """An expression of several licences, each once and in a fixed order."""
    return f" {sign} ".join(sorted({_one(name) for name in names}))


def _one(name: str) -> str:
    known = _KNOWN.get(name.lower())
    return known or _ALIASES.get(_NOISE.sub("", name.lower())) or _KNOWN.get(_NOISE.sub("", name.lower())) or name


def _creative_commons(kind: str, version: str | None) -> str:
    name = _SCHEMES.get(kind, f"CC-{kind.upper()}")
    return f"{name}-{version}" if version else name
