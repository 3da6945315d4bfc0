"""The reference representation: VAEs and workspaces trained for long, which come with the package.

With `representation.reference: true` nothing of an environment's representation is trained: the stages `train_vae` and
`train_workspace` put these weights where their own would lie. `gwpipe/reference_weights/index.json` names every file
with its hash and how it was made; parameters are kept in half precision. Domains and kinds of workspaces that the
package has no weights of are trained, a workspace on the latents of the packaged VAEs.

    python -m gwpipe.reference results/reference

packs the representation of a scale (here `reference`, see workflow/scales/reference.yaml) anew.
"""

import json
import sys
from pathlib import Path
from typing import Any

import torch

from gwpipe import layout
from gwpipe.artefact import Record, hash_file, staging, verify
from gwpipe.domains import weights
from gwpipe.domains.catalogue import build
from gwpipe.errors import UserError
from gwpipe.settings import packaged
from gwpipe.settings.model import Settings

_KEPT = ("settings", "code_version", "scale", "packages", "machine", "device", "wall_seconds", "results")
"""What the index says of a file, out of the manifest it was packed from."""


def reference(name: str) -> tuple[Path, dict[str, Any]]:
    """One of the packaged weights, by the end of its path (`simple_shapes/vae/v`), and how it was made.

    Raises:
        KeyError: there is none of that name (`packaged.comes_packaged` says so).
        UserError: the file is not the one that was packed.
    """
    made = json.loads(packaged.index().read_text())[name]
    path = layout.REFERENCE / f"{name}.safetensors"
    if not path.exists() or hash_file(path) != made["sha256"]:
        raise UserError(f"reference weights {path} are damaged; install the package again")
    return path, made


def take(name: str, form: dict[str, Any], target: Path, settings: Settings, place: layout.Place) -> None:
    """Copy the reference weights `name` to `target`, byte for byte, with a manifest.

    form: what the settings ask for, in the words of the weights' description. The manifest's `results` are those of the
    training, and `reference` says how that was done.

    Raises:
        UserError: the reference weights are of another form than the settings ask for; the first difference is named.
    """
    source, made = reference(name)
    stage = "train_vae" if "/vae/" in name else "train_workspace"
    record = Record(stage, place.scale, settings.model_dump(mode="json"), [source])
    held, _ = weights.load(source, "an installation of the package")
    if stage == "train_vae":
        held = build(held).describe()  # with the options that came after it was packed
    else:
        held["domains"] = sorted(held["domains"])
    for key, value in form.items():
        if held.get(key) != value:
            raise UserError(
                f"the reference weights of {name} have {key} {held.get(key)}, the settings ask for {value}; "
                f"set it to {held.get(key)}, or environments.….representation.reference to false"
            )
    with staging(target) as partial:
        partial.write_bytes(source.read_bytes())
    record.write(target, **made["results"], reference={key: made[key] for key in _KEPT if key != "results"})


def pack(scale: Path) -> None:
    """Pack all VAEs and workspaces under `scale` (`results/reference`).

    A workspace names the hashes of the VAEs it was trained on; these become the hashes of the packed ones.

    Raises:
        UserError: a file is missing or damaged.
    """
    index: dict[str, Any] = {}
    packed: dict[str, str] = {}
    for path in sorted(scale.glob("*/vae/*/weights.safetensors")) + sorted(
        scale.glob("*/workspace/*/weights.safetensors")
    ):
        manifest = verify(path)
        description, state = weights.load(path, layout.command(manifest["stage"], path))
        if "vaes" in description:
            description["vaes"] = {domain: packed[sha256] for domain, sha256 in description["vaes"].items()}
        # Buffers stay as they are: a running variance may be too small for half precision.
        halved = {
            name: value.half() if value.is_floating_point() and not _is_statistic(name) else value
            for name, value in state.items()
        }
        name = path.parent.relative_to(scale).as_posix()
        target = layout.REFERENCE / f"{name}.safetensors"
        weights.save(target, description, halved)
        packed[manifest["sha256"]] = hash_file(target)
        index[name] = {"sha256": hash_file(target), **{key: manifest[key] for key in _KEPT}}
    if not index:
        raise UserError(f"{scale} holds no VAE and no workspace; make it with workflow/scales/reference.yaml")
    with staging(packaged.index()) as partial:
        partial.write_text(json.dumps(index, indent=1, sort_keys=True) + "\n")


def _is_statistic(name: str) -> bool:
    return name.rsplit(".", 1)[-1].startswith(("running_", "centre", "scale", "z_", "log_"))


if __name__ == "__main__":
    torch.set_num_threads(1)
    try:
        pack(Path(sys.argv[1]))
    except (UserError, IndexError) as mistake:
        sys.exit(f"gwpipe.reference: {mistake if isinstance(mistake, UserError) else 'name the folder of a scale'}")
