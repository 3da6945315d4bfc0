"""Settings of a workspace that is trained along with the agent (Algorithm 2)."""

from typing import Literal, Self

from pydantic import Field

from gwpipe.settings.model import Settings
from gwpipe.settings.representation import OptimisationSettings, WorkspaceSettings


class EndToEndSettings(Settings):
    """What `dreaming` does not say, whose settings hold for the rest."""

    workspace_updates: int = Field(2, gt=0)
    """Updates of the workspace in one of the agent's (Appendix C-B)."""
    optimisation: OptimisationSettings
    """Table XVIII; `steps` is its cycle size, in updates of the workspace."""
    after_cycle: Literal["hold", "repeat"] = "hold"
    """After the last step of the cycle: keep end_lr, or begin the cycle again. The paper does not say."""
    workspace: WorkspaceSettings | None = None
    """Its form and losses (kind gw), with the optimisation above; the representation's, filled in on loading."""
    spread_rate: float = Field(0.1, gt=0, le=1)
    """What one batch counts in the running means and deviations of u and z, once there were 1 / rate batches."""

    def resolved(self, form: WorkspaceSettings) -> Self:
        """With the form of the representation's workspace, where it has losses of kind gw."""
        if self.workspace is not None or "gw" not in form.kinds:
            return self
        own = form.model_copy(update={"kinds": {"gw": form.kinds["gw"]}})
        return self.model_copy(update={"workspace": own})
