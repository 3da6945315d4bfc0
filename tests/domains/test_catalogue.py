"""What is said about a domain's weights that cannot be used."""

from pathlib import Path

import pytest

from gwpipe import layout
from gwpipe.domains.catalogue import load_domain
from gwpipe.errors import UserError
from gwpipe.layout import Place


@pytest.mark.parametrize("content", [None, b"", b"no weights"])
def test_weights_that_cannot_be_read_come_with_the_command_that_makes_them(tmp_path: Path, content: bytes | None):
    path = Place(tmp_path, "default").path(layout.VAE, env="robodesk", domain="attr")
    if content is not None:
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    with pytest.raises(UserError, match=r"gwpipe train_vae --env robodesk --domain attr --root "):
        load_domain(path)
