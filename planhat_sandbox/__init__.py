"""A local fake of the Planhat API, with faults: for the demo, tests and trials."""

from planhat_sandbox.faults.fault import Fault
from planhat_sandbox.planhat.behaviours import Behaviours
from planhat_sandbox.planhat.model import SandboxModel, plain_model
from planhat_sandbox.planhat.tenant import Tenant
from planhat_sandbox.sandbox import Sandbox
from planhat_sandbox.seed import seed_tenant

__all__ = ["Behaviours", "Fault", "Sandbox", "SandboxModel", "Tenant", "plain_model", "seed_tenant"]
