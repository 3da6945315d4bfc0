"""Which OpenGL draws the exact RoboDesk picture, decided only when that picture is asked for.

dm_control chooses its renderer while it is imported, and complains when there is none. It is therefore imported with
rendering off, and a renderer is put in place later: the fast picture needs no OpenGL library and prints nothing.
"""

import ctypes
import os
import warnings
from typing import Any

from gwpipe.errors import UserError

_LIBRARIES = {"egl": ("libEGL.so.1",), "osmesa": ("libOSMesa.so.8", "libOSMesa.so.6")}
_OFF = ("off", "disable", "disabled", "false", "0")
_GLFW = ("glfw", "on", "enable", "enabled", "true", "1", "")

_ADVICE = (
    "on Debian install `libegl1 libegl-mesa0 libgl1-mesa-dri libgl1` (or `libosmesa6`), or use fidelity='fast', "
    "which needs no OpenGL"
)


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True


def available_backend() -> str | None:
    """The backend the exact picture would use: `$MUJOCO_GL` if set, else EGL, else OSMesa; None if there is none."""
    chosen = os.environ.get("MUJOCO_GL", "").lower().strip()
    if chosen in _OFF:
        return None
    if chosen and chosen in _GLFW:
        return "glfw"
    for name in [chosen] if chosen else list(_LIBRARIES):
        if any(_loads(library) for library in _LIBRARIES.get(name, ())):
            return name
    return None


def require_opengl() -> None:
    """Make dm_control able to draw with OpenGL in this process, and see that it draws.

    Raises:
        UserError: if no OpenGL library can be used; the message names the packages to install.
    """
    backend = available_backend()
    if backend is None:
        raise UserError(f"fidelity='exact' draws with OpenGL, and no EGL or OSMesa library is usable here: {_ADVICE}")
    from dm_control import _render

    if _render.BACKEND in ("egl", "osmesa", "glfw"):
        return
    before = _render.Renderer
    fault = _start(_render, backend)
    if fault is not None:
        _render.Renderer = before
        raise UserError(f"fidelity='exact' draws with OpenGL, and {backend} does not start ({fault}): {_ADVICE}")
    _render.BACKEND = backend


def _start(render: Any, backend: str) -> str | None:
    """Give dm_control a renderer, and try it in a small context of its own; what is wrong, or None.

    A library may load without a display or device, which only a context shows.
    """
    import mujoco

    importers = {"egl": render._import_egl, "osmesa": render._import_osmesa, "glfw": render._import_glfw}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            render.Renderer = importers[backend]()
            window = render.Renderer(max_width=8, max_height=8)
            try:
                with window.make_current() as thread:
                    model = mujoco.MjModel.from_xml_string("<mujoco/>")
                    context = thread.call(mujoco.MjrContext, model, mujoco.mjtFontScale.mjFONTSCALE_100)
                    thread.call(context.free)
            finally:
                window.free()
        except Exception as fault:  # PyOpenGL has AttributeError, OSError, ImportError or its own; MuJoCo FatalError
            return " ".join(str(fault).split()) or type(fault).__name__
    return None
