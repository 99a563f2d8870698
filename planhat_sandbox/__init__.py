"""A stateful Planhat on loopback, with faults: for the demo, the tests and users' own trials."""

from planhat_sandbox.faults.faults import Fault
from planhat_sandbox.planhat.behaviours import Behaviours
from planhat_sandbox.planhat.models import SandboxModel, plain_model
from planhat_sandbox.planhat.tenants import Tenant
from planhat_sandbox.sandbox import Sandbox
from planhat_sandbox.seed import seed_tenant

__all__ = ["Behaviours", "Fault", "Sandbox", "SandboxModel", "Tenant", "plain_model", "seed_tenant"]
