"""Importing this package registers `gwpipe/SimpleShapes-v0` and `gwpipe/RoboDesk-v0` with Gymnasium.

Both environments truncate themselves after `episode_decisions`, so no outer `TimeLimit` is registered.
"""

from gymnasium.envs.registration import register

register(id="gwpipe/SimpleShapes-v0", entry_point="gwpipe.envs.simple_shapes:SimpleShapes")
register(id="gwpipe/RoboDesk-v0", entry_point="gwpipe.envs.robodesk:RoboDesk")

ENVIRONMENT_IDS = {"simple_shapes": "gwpipe/SimpleShapes-v0", "robodesk": "gwpipe/RoboDesk-v0"}
"""Name in the configuration and in paths → Gymnasium id."""
