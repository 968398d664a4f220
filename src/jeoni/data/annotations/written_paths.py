"""Pictures by paths that were written elsewhere: the one whose name and folders agree most, from the path's end on."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from jeoni.data.kinds import composed

__all__ = ["Match", "PicturesByPath"]

Agreement = tuple[int, bool]
NAME_ONLY: Agreement = (1, False)


@dataclass(frozen=True)
class Match:
    """What a written path may mean.

    Attributes:
        paths: of pictures; none, one, or several that fit equally well.
        agreement: how many parts agree from the end on, and whether these are all that the picture's own path has.
        contested: another written path fits the same picture equally well.
    """

    paths: tuple[Path, ...] = ()
    agreement: Agreement = (0, False)
    contested: bool = False

    @property
    def path(self) -> Path | None:
        """The picture that is meant; None where there is none, or nothing says which."""
        return self.paths[0] if len(self.paths) == 1 and not self.contested else None


class PicturesByPath:
    """Finds pictures.

    Args:
        pictures: all that there are.
        folder: in which they lie.
        prefix: a regular expression of what an upload puts before a name.
    """

    def __init__(self, pictures: Iterable[Path], folder: Path, prefix: str = "") -> None:
        self._prefix = prefix
        self._by_name: dict[str, list[tuple[Path, tuple[str, ...]]]] = defaultdict(list)
        for path in pictures:
            parts = PurePosixPath(composed(path.relative_to(folder).as_posix())).parts
            self._by_name[parts[-1]].append((path, parts))

    def holds(self, name: str) -> bool:
        """Whether a picture has this name, or what is left of it without the prefix."""
        return name in self._by_name or self._uploaded(name) in self._by_name

    def match(self, written: PurePosixPath) -> Match:
        """The pictures of a path, without a look at other paths."""
        fitting: dict[Agreement, list[Path]] = defaultdict(list)
        for path, parts in self._by_name.get(written.name, ()):
            fitting[_agreement(parts, written.parts)].append(path)
        if not fitting:  # the folders of an upload are none of the picture's
            fitting[NAME_ONLY] = [path for path, _ in self._by_name.get(self._uploaded(written.name), ())]
        best = max(fitting)
        return Match(tuple(fitting[best]), best)

    def match_all(self, written: Sequence[PurePosixPath]) -> list[Match]:
        """The pictures of many paths; a picture belongs to the path that agrees most with it.

        Example:
            >>> pictures = PicturesByPath([Path("x/a.jpg")], Path())
            >>> written = [PurePosixPath("/data/x/a.jpg"), PurePosixPath("/data/y/a.jpg")]
            >>> [found.path is not None for found in pictures.match_all(written)]
            [True, False]
        """
        found = [self.match(one) for one in written]
        claims: dict[Path, dict[PurePosixPath, Agreement]] = defaultdict(dict)
        for one, match in zip(written, found, strict=True):
            for path in match.paths if len(match.paths) == 1 else ():
                claims[path][one] = match.agreement
        return [self._settled(match, claims) for match in found]

    def _settled(self, match: Match, claims: dict[Path, dict[PurePosixPath, Agreement]]) -> Match:
        if len(match.paths) != 1:
            return match
        agreements = list(claims[match.paths[0]].values())
        if match.agreement < max(agreements):
            return Match()
        return replace(match, contested=agreements.count(match.agreement) > 1)

    def _uploaded(self, name: str) -> str:
        return re.sub(self._prefix, "", name)


def _agreement(own: Sequence[str], written: Sequence[str]) -> Agreement:
    count = 0
    for one, other in zip(reversed(own), reversed(written), strict=False):
        if one != other:
            break
        count += 1
    return count, count == len(own)
