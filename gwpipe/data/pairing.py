"""Which rows are available in which combination of domains: paired, unpaired, and never paired.

A row is one moment, which every domain could show. A split names, per set of domains, how many rows are available in
that combination: {v}: 1.0, {attr}: 1.0, {v, attr}: 0.01 is a data set of images and attributes of which one in a
hundred belong together. Larger sets are drawn first and count for their subsets: a pair is also an image.
"""

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt

from gwpipe.errors import UserError
from gwpipe.seeding import numpy_generator
from gwpipe.settings.representation import PairingSettings

Index = npt.NDArray[np.int64]
"""Row numbers, in random order: no two groups are aligned with each other."""


def groups_of(rows: int, settings: PairingSettings, seed: int) -> dict[frozenset[str], Index]:
    """Row numbers of each set of domains, as the settings ask.

    Raises:
        UserError: the amounts are not possible, or what is to be unpaired is not there.
    """
    groups = draw_groups(rows, read_amounts(settings.amounts), seed)
    return groups if settings.unpair is None else unpair(groups, *settings.unpair, rows=rows, seed=seed)


def read_amounts(amounts: Mapping[str, float]) -> dict[frozenset[str], float]:
    """Amounts as settings write them, `v+attr: 0.01`, by set of domains.

    Raises:
        UserError: a name is empty or comes twice.
    """
    read: dict[frozenset[str], float] = {}
    for written, amount in amounts.items():
        names = [name.strip() for name in written.split("+")]
        if not all(names) or len(set(names)) < len(names) or frozenset(names) in read:
            raise UserError(f"pairing '{written}' must be different domains joined by '+', and come once")
        read[frozenset(names)] = amount
    return read


def draw_groups(
    rows: int, amounts: Mapping[frozenset[str], float] | Mapping[tuple[str, ...], float], seed: int
) -> dict[frozenset[str], Index]:
    """Row numbers of each set of domains, drawn from `rows` rows.

    amounts: set of domains → up to 1 a share of the rows, above 1 a number of rows; at least as much as the sets that
    contain it have. The same seed gives the same rows, whatever the order of `amounts`; and a larger amount of the
    largest set contains the smaller, so that a study over amounts nests.

    Raises:
        UserError: an amount is not positive, exceeds the rows, is no whole number, rounds to none, or is less than what
            larger sets bring along.
    """
    wanted = {frozenset(names): _count(rows, names, amount) for names, amount in amounts.items()}
    drawn: dict[frozenset[str], Index] = {}
    for names in sorted(wanted, key=lambda names: (-len(names), sorted(names))):
        brought = [index for larger, index in drawn.items() if names < larger]
        have = np.unique(np.concatenate(brought)) if brought else np.empty(0, np.int64)
        if len(have) > wanted[names]:
            raise UserError(
                f"pairing '{_shown(names)}' asks for {wanted[names]} rows, but larger sets bring {len(have)} along"
            )
        rng = numpy_generator("pairing", seed, *sorted(names))
        order = rng.permutation(rows)
        fresh = order[~np.isin(order, have)][: wanted[names] - len(have)]
        # What was brought along is mixed in, or a part of the rows read in order would be of one kind.
        drawn[names] = rng.permutation(np.concatenate([have, fresh])) if len(have) else fresh
    return drawn


def unpair(
    groups: Mapping[frozenset[str], Index], first: str, second: str, rows: int, seed: int
) -> dict[frozenset[str], Index]:
    """The same groups, but no row shows `first` with partners in one place and `second` with partners in another.

    The control of zero-shot transfer: what the two have in common can only be learnt through third domains, of other
    moments. The `rows` rows are parted in two at random: groups of several domains with `first` keep those of one half,
    with `second` of the other; a group with both becomes two, without the one and without the other. A domain alone
    says nothing of partners, so its group stays whole; a part that is left with one domain joins that domain's group.

    Raises:
        UserError: the two are one and the same, or no group shows one of them.
    """
    shown = set().union(*groups)
    if first == second or not {first, second} <= shown:
        raise UserError(f"cannot unpair '{first}' and '{second}': the groups show {', '.join(sorted(shown))}")
    of_first = np.zeros(rows, dtype=bool)
    of_first[numpy_generator("unpairing", seed, *sorted((first, second))).permutation(rows)[: rows // 2]] = True
    parts: dict[frozenset[str], list[Index]] = {}
    for names, index in groups.items():
        if len(names) == 1 or not names & {first, second}:
            parts.setdefault(names, []).append(index)
            continue
        if first in names:
            parts.setdefault(names - {second}, []).append(index[of_first[index]])
        if second in names:
            parts.setdefault(names - {first}, []).append(index[~of_first[index]])
    # A row may come twice where groups met; once is enough, in the order in which it first came.
    merged = {names: np.concatenate(found) for names, found in parts.items()}
    once = {names: index[np.sort(np.unique(index, return_index=True)[1])] for names, index in merged.items()}
    return {names: index for names, index in once.items() if len(index)}


def _count(rows: int, names: Collection[str], amount: float) -> int:
    count = round(amount * rows) if amount <= 1 else amount
    if not names or amount <= 0 or count != int(count) or not 1 <= count <= rows:
        raise UserError(
            f"pairing '{_shown(names)}': {amount:g} of {rows} rows; give a share in (0, 1] or a whole number of rows"
        )
    return int(count)


def _shown(names: Collection[str]) -> str:
    return "+".join(sorted(names))
