from __future__ import annotations

import pytest

from curation.licences import licence_of_text, spdx_of

MIT = """The MIT License (MIT)

Permission is hereby granted, free of charge, to any person obtaining a copy of this software, to deal in it without
restriction, subject to the following: The above copyright notice and this notice shall be included in all copies."""
BSD = "Redistribution and use in source and binary forms, with or without modification, are permitted provided that"


@pytest.mark.parametrize(
    ("text", "name"),
    [
        (MIT, "MIT"),
        (MIT.replace("\n", "\n# ").upper(), "MIT"),
        (MIT.partition("The above")[0], "MIT-0"),
        ("                Apache License\n        Version 2.0, January 2004\n", "Apache-2.0"),
        (f"{BSD}: 1. source 2. Redistributions in binary form must", "BSD-2-Clause"),
        (f"{BSD}: Redistributions in binary form; to endorse or promote products", "BSD-3-Clause"),
        (
            "GNU GENERAL PUBLIC LICENSE\n Version 3, 29 June 2007 ... see the GNU Lesser General Public License",
            "GPL-3.0",
        ),
        ("GNU LESSER GENERAL PUBLIC LICENSE\nVersion 2.1, February 1999", "LGPL-2.1"),
        ("Creative Commons Attribution-ShareAlike 4.0 International", "CC-BY-SA-4.0"),
        ("This is free and unencumbered software released into the public domain.", "Unlicense"),
        (f"All rights reserved. {'x ' * 400} unlike the Apache License, Version 2.0", None),
        ("", None),
    ],
)
def test_a_licence_is_known_by_its_text(text: str, name: str | None) -> None:
    assert licence_of_text(text) == name


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("mit", "MIT"),
        ("The MIT License", "MIT"),
        ("Apache License, Version 2.0", "Apache-2.0"),
        ("Apache 2.0", "Apache-2.0"),
        ("gpl-3.0-or-later", "GPL-3.0-or-later"),
        ("MIT/Apache-2.0", "Apache-2.0 OR MIT"),
        ("(mit or apache-2.0)", "Apache-2.0 OR MIT"),
        ("https://creativecommons.org/licenses/by-sa/3.0/de/", "CC-BY-SA-3.0"),
        ("https://creativecommons.org/publicdomain/zero/1.0/", "CC0-1.0"),
        ("https://fox.example/terms", "https://fox.example/terms"),
        ("Fox  licence", "Fox licence"),
        ("MIT AND (Zlib OR ISC)", "MIT AND (Zlib OR ISC)"),
    ],
)
def test_a_name_leads_to_its_identifier(value: str, name: str) -> None:
    assert spdx_of(value) == name
