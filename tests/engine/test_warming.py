"""Kernels are compiled beside the ticks, never in one."""

import sys
from dataclasses import replace
from importlib.util import module_from_spec, spec_from_file_location

from doorstep.engine import compiled


def test_until_the_kernels_are_warm_a_tick_takes_the_interpreted_ones() -> None:
    spec = spec_from_file_location("doorstep_compiled_cold", compiled.__file__)
    assert spec is not None
    assert spec.loader is not None
    cold = module_from_spec(spec)  # as in a dispatcher that has just begun
    sys.modules[spec.name] = cold
    try:
        spec.loader.exec_module(cold)
        assert cold.ready() is cold.PYTHON
        warm = replace(cold.PYTHON, name="numba")
        cold._compiled.append(warm)  # what warm_up does when it is through
        assert cold.ready() is cold.warm_up() is warm
    finally:
        del sys.modules[spec.name]
