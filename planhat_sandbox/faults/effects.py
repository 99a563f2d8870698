"""Every effect by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from planhat_sandbox.faults.list_effects import LIST_EFFECTS
from planhat_sandbox.faults.response_effects import RESPONSE_EFFECTS
from planhat_sandbox.faults.transport_effects import TRANSPORT_EFFECTS
from planhat_sandbox.faults.write_effects import WRITE_EFFECTS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from planhat_sandbox.faults.injection import Effect

EFFECTS: Mapping[str, Effect] = {
    effect.name: effect
    for effect in (*RESPONSE_EFFECTS, *TRANSPORT_EFFECTS, *LIST_EFFECTS, *WRITE_EFFECTS)
}
