"""What each sub-category looks like: its figure, by class and number."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

from dlscope.data.procedural.uav import airborne, people, vehicles
from dlscope.data.procedural.uav.classes import CLASSES
from dlscope.data.procedural.uav.figure import Figure
from dlscope.data.procedural.uav.paint import Paint

_FIGURES: Mapping[str, Callable[[int, Paint], Figure]] = {
    "person": people.person,
    "car": vehicles.car,
    "riding": people.riding,
    "boat": vehicles.boat,
    "group": people.group,
    "wakeboard": people.wakeboard,
    "drone": airborne.drone,
    "truck": vehicles.truck,
    "paraglider": airborne.paraglider,
    "whale": airborne.whale,
    "building": vehicles.building,
    "horseride": people.horseride,
}


@lru_cache(maxsize=256)
def look(class_name: str, number: int) -> Figure:
    """The figure of sub-category `number` of a class."""
    return _FIGURES[class_name](number, paint(class_name, number))


def paint(class_name: str, number: int) -> Paint:
    """The colors of sub-category `number` of a class."""
    place = next(i for i, each in enumerate(CLASSES) if each.name == class_name)
    return Paint.of(number, place / len(CLASSES))
