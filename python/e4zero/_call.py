# SPDX-License-Identifier: GPL-2.0-or-later
"""Callbacks of a call: what they raise is kept, ends the call, and is raised after it."""

from __future__ import annotations

import ctypes
import errno
from typing import Any, Callable, List, Optional

from . import _abi

Progress = Callable[[int, int, int], object]


class Callbacks:
    """The callbacks of one call. They live as long as it does: ctypes does not keep them."""

    def __init__(self) -> None:
        self.raised: Optional[BaseException] = None
        self.stop = ctypes.c_int(0)
        self._kept: List[Any] = []

    def make(self, kind: Any, function: Callable[..., object]) -> Any:
        """A callback of the type KIND that calls FUNCTION, with all arguments but the first."""

        def call(_arg: Any, *arguments: Any) -> Optional[int]:
            # also what is raised while the call ends: the first one counts
            if not self.raised:
                try:
                    function(*arguments)
                except BaseException as exception:  # pylint: disable=broad-except
                    self.raised = exception
                    self.stop.value = 1
            if kind is _abi.PROGRESS:
                return None
            return errno.ECANCELED if self.raised else 0

        made = kind(call)
        self._kept.append(made)
        return made

    def deliver(self, kind: Any, convert: Callable[[Any], Any], to: Callable[[Any], object]) -> Any:
        """A callback that gets a pointer to a structure, and passes what CONVERT makes of it on."""
        return self.make(kind, lambda pointer: to(convert(pointer[0])))

    def progress(self, function: Optional[Progress]) -> Any:
        """Without a FUNCTION, too: this is where Python handles signals."""
        return self.make(_abi.PROGRESS, function or (lambda _pass, _current, _max: None))

    def stop_flag(self) -> Any:
        """For the stop of options."""
        return ctypes.pointer(self.stop)
